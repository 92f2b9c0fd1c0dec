"""The one place that wires concrete parts: what the command line and the Python interface offer.

`__init__.pyi` lists it. Each name is imported when it is first used, so that `hashtag --help` loads no model library,
index or database.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
