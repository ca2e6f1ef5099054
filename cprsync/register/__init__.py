"""The civil register: the SOAP client with its TLS, and the reader of the change extract.

Importing this package is cheap: zeep is loaded when a `SoapRegister` is made.
"""
