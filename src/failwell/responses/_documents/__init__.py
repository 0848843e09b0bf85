"""The errors of an application as documents: declared, in OpenAPI, and as pages."""
