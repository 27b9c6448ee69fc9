"""A model as C source: bytes in an array, aligned as the interpreter needs them."""

from __future__ import annotations

import re

from tuner.export.answer import Answer

_PER_LINE = 12


def header(name: str, size: int, arena_bytes: int, answer: Answer, *, stateful: bool = False) -> str:
    """Return the `.h` file: the array's declaration, and what firmware needs to know.

    A stateful model remembers; it was trained to begin each window without memory.
    """
    guard = f"{name.upper()}_H_"
    constants = "\n".join(f"#define {name.upper()}_{key} {value}" for key, value in answer.constants)
    reset = "/* It has a memory: call Reset() of the interpreter before each window. */\n" if stateful else ""
    return f"""\
/* Made by Edge Tuner. {answer.told} */
{reset}#ifndef {guard}
#define {guard}

#ifdef __cplusplus
extern "C" {{
#endif

{constants}
#define {name.upper()}_ARENA_BYTES {arena_bytes}

extern const unsigned char {name}[];
extern const unsigned int {name}_len; /* {size} */

#ifdef __cplusplus
}}
#endif

#endif /* {guard} */
"""


def source(name: str, model: bytes, *, header_name: str) -> str:
    """Return the `.cc` file. FlatBuffers are read in place, so the array is aligned to 16 bytes."""
    rows = [model[start : start + _PER_LINE] for start in range(0, len(model), _PER_LINE)]
    body = "\n".join("    " + " ".join(f"0x{byte:02x}," for byte in row) for row in rows)
    return f"""\
/* Made by Edge Tuner. */
#include "{header_name}"

alignas(16) const unsigned char {name}[] = {{
{body}
}};
const unsigned int {name}_len = {len(model)};
"""


def identifier(text: str) -> str:
    """Return a C identifier made from any text: "watch-1" becomes "watch_1"."""
    name = re.sub(r"\W", "_", text, flags=re.ASCII).lower()
    return name if name and not name[0].isdigit() else f"model_{name}"
