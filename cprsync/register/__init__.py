"""The civil register: the SOAP client, the change extract with its pickup, and certificates.

Importing this package is cheap: zeep is loaded when a `SoapRegister` is made.
"""
