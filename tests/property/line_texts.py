"""dotenv, INI and binary files as people and programs leave them, odd ones too."""

from __future__ import annotations

from hypothesis import strategies as st

WORDS = st.sampled_from(
    ["a", "password", "x y", "é🎉", "1.50", "true", "null", "<nil>", "yes", "p:q", "a=b", "%(x)s", ""]
)
ODD = st.text(st.sampled_from("ab =:;#\"'`\\\t[]é\u00a0🎉"), max_size=8)
VALUES = st.one_of(WORDS, ODD, st.text(st.characters(codec="utf-8", exclude_characters="\0\n\r"), max_size=12))
KEYS = st.sampled_from(["a", "b", "A", "key with space", "db.password", "name_unencrypted", "été", "c-"])
SPACE = st.sampled_from(["", " ", "  ", "\t"])


@st.composite
def ini(draw: st.DrawFn) -> str:
    """Sections, keys, comments above and beside, values in all quotes, blank lines, CRLF; not always valid."""
    newline = draw(st.sampled_from(["\n", "\n", "\n", "\r\n"]))
    lines = []
    for _ in range(draw(st.integers(0, 9))):
        kind = draw(
            st.sampled_from(["key", "key", "key", "key", "section", "comment", "blank", "beside", "lines", "more"])
        )
        key, value = draw(KEYS), draw(VALUES)
        start = f"{draw(SPACE)}{key}{draw(SPACE)}{draw(st.sampled_from('=:'))}{draw(SPACE)}"
        quote = draw(st.sampled_from(["", "", "", '"', "'", "`", '"""']))
        if kind == "section":
            lines.append(
                f"[{draw(st.sampled_from(['s', 't', 'u v', 'DEFAULT', 'a.b']))}]{draw(st.sampled_from(['', ' ; c']))}"
            )
        elif kind == "comment":
            lines.append(f"{draw(SPACE)}{draw(st.sampled_from(';#'))}{draw(SPACE)}{value}")
        elif kind == "beside":
            lines.append(f"{start}{value} ; {draw(VALUES)}")
        elif kind == "lines":
            lines.append(f'{start}"""{value}{newline}{draw(VALUES)}"""')
        elif kind == "more":
            lines.append(f"{start}{value}\\{newline}  {draw(VALUES)}")
        else:
            lines.append("" if kind == "blank" else f"{start}{quote}{value}{quote}")
    return newline.join(lines) + draw(st.sampled_from(["", newline, newline * 2]))


@st.composite
def dotenv(draw: st.DrawFn) -> str:
    """Keys that may stand twice, comments, blank lines, carriage returns; with and without a last line break."""
    lines = []
    for _ in range(draw(st.integers(0, 9))):
        kind = draw(st.sampled_from(["key", "key", "key", "comment", "blank"]))
        value = draw(VALUES) + draw(st.sampled_from(["", "", "\r", "\\n", "\\n-----END"]))
        key = draw(st.sampled_from(["A", "B", "export C", "D ", "t_unencrypted", "é", ""]))
        lines.append({"comment": f"#{value}", "blank": ""}.get(kind, f"{key}={value}"))
    return "\n".join(lines) + draw(st.sampled_from(["", "\n", "\n\n"]))
