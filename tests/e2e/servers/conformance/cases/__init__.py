"""All cases, theme by theme."""
from __future__ import annotations

from ..case import Case
from . import (chunked, conditional, expect, fields, framing, limits, methods, persistence, ranges, request_line,
               smuggling, targets)

THEMES = [module.T for module in (request_line, targets, fields, framing, chunked, persistence, methods, conditional,
                                  ranges, expect, limits, smuggling)]
CASES: list[Case] = [case for theme in THEMES for case in theme.cases]
