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


def test_jinja_spans_are_masked():
    assert yaml.safe_load(mask("{% if a %}\nx: {{ y }}\n{% endif %}\n")) == {"x": MASK * 7}


def test_a_megabyte_of_braces_takes_no_time():
    for piece in ("{{", "{%", "{{}}", "{{ {% ", "}}"):
        text = piece * (1_000_000 // len(piece))
        assert len(mask(text)) == len(text)
