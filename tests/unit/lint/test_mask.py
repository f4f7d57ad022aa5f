"""Masking keeps every place and makes templates parse."""

from __future__ import annotations

import pytest
import yaml

from secrets_gitops.lint.mask import mask, mask_spans
from secrets_gitops.lint.values.stand_ins import MASK

CHART = """\
{{- if .Values.enabled }}
{{- /*
A comment over
several lines
*/}}
apiVersion: v1
kind: Secret
metadata:
  name: {{ include "x.name" . }}
  labels: {{- include "x.labels" . | nindent 4 }}
    app: web
  {{- with .Values.annotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
data:
  a: {{ .Values.a | b64enc | quote }}
  b: "x-{{ .Values.b }}-y"
  {{- range $k, $v := .Values.more }}
  {{ $k }}: {{ $v }}
  {{- end }}
  c: literal
{{- end }}
"""


def test_a_chart_parses_and_keeps_its_lines():
    masked = mask(CHART)
    assert len(masked) == len(CHART)
    assert [at for at, c in enumerate(masked) if c == "\n"] == [at for at, c in enumerate(CHART) if c == "\n"]
    tree = yaml.safe_load(masked)
    assert tree["metadata"]["labels"] == {"app": "web"}
    assert tree["metadata"]["annotations"] is None
    assert tree["data"]["c"] == "literal"
    assert set(tree["data"]["a"]) == {MASK}
    assert tree["data"]["b"] == "x-" + MASK * 15 + "-y"


@pytest.mark.parametrize("text", ["a: {{ b", "a: }} {{", "{% x", "plain: text", "", "a: ${{ github.ref }}"])
def test_what_is_no_template_stays(text):
    assert mask(text) == text
    assert mask_spans(text) == text


@pytest.mark.parametrize("comment", ["{{/* c */}}", "{{- /* c\n c */ -}}"])
def test_a_comment_of_a_template_adds_nothing_to_a_value(comment):
    assert yaml.safe_load(mask(f"a: word {comment}\nb: {comment} word\nc: {comment}\n")) == {
        "a": "word", "b": "word", "c": None
    }  # fmt: skip
    assert set(yaml.safe_load(mask("a: {{ `/* no comment */` }}"))["a"]) == {MASK}


def test_jinja_spans_are_masked():
    assert yaml.safe_load(mask("{% if a %}\nx: {{ y }}\n{% endif %}\n")) == {"x": MASK * 7}


def test_a_megabyte_of_braces_takes_no_time():
    for piece in ("{{", "{%", "{{}}", "{{ {% ", "}}", "{{\n", "{{/*", "{{`", "{{/*{{ "):
        for end in ("", "}}", "\na: b}}", "*/"):
            text = piece * (200_000 // len(piece)) + end
            assert len(mask(text)) == len(text)


@pytest.mark.parametrize(
    "text",
    [
        "# an opening {{ alone\npassword: x\n# and }}\n",
        "a: '{%'\npassword: x\nb: '%}'\n",
        "a: '{{'\nb: {{ c }}\npassword: x\n",
    ],
)
def test_a_stray_opening_does_not_hide_the_lines_up_to_the_next_closing(text):
    assert "password: x\n" in mask(text)


@pytest.mark.parametrize(
    "span",
    [
        "{{ dict\n  1 2\n}}",
        "{{/* key: value\nother: {{ x }}\n*/}}",
        "{{- /* a:\n b: c */ -}}",
        "{{ `\na: {{ b }}\n` }}",
    ],
)
def test_a_long_span_a_comment_and_a_quoted_text_are_masked_whole(span):
    assert mask_spans(f"x: {span}\n").replace(MASK, "").strip() == "x:"


class TestWhatTheMaskHides:
    """A whole manifest in a comment of a template, or quoted by it."""

    @pytest.mark.parametrize("around", ["{{{{/*\n{}\n*/}}}}", "{{{{- /*\n{}*/ -}}}}", "{{{{ `\n{}` }}}}"])
    def test_is_read(self, around, failing, values):
        secret = f"apiVersion: v1\nkind: Secret\nstringData:\n  password: {values.password()}"
        text = "a: b\n---\n" + around.format(secret)
        assert [(line, key) for _, line, _, key in failing({"templates/a.yaml": text})] == [(7, "password")]
        assert failing({"templates/a.yaml": text.replace("Secret", "Widget")}) == []
