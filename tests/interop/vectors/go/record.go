// Answers, line by line, what Go makes of a YAML document, a pattern or a float. See ORIGIN.md.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"time"

	yaml3 "go.yaml.in/yaml/v3"
	k8s "sigs.k8s.io/yaml"
)

type question struct{ Op, A, B string }

func show(value any) string {
	switch x := value.(type) {
	case nil:
		return "null"
	case bool:
		return fmt.Sprintf("bool:%v", x)
	case int, int64, uint64:
		return fmt.Sprintf("int:%d", x)
	case float64:
		return "float:" + strconv.FormatFloat(x, 'f', -1, 64)
	case time.Time:
		text, err := x.MarshalText()
		if err != nil {
			return "error"
		}
		return "time:" + string(text)
	case string:
		return "str:" + x
	}
	return fmt.Sprintf("%T", value)
}

func answer(q question) (out any) {
	defer func() {
		if recover() != nil {
			out = "error"
		}
	}()
	switch q.Op {
	case "v3":
		var node yaml3.Node
		var value any
		if yaml3.Unmarshal([]byte(q.A), &node) != nil || node.Content[0].Content[1].Decode(&value) != nil {
			return "error"
		}
		return show(value)
	case "k8s":
		text, err := k8s.YAMLToJSON([]byte(q.A))
		if err != nil {
			return "error"
		}
		return string(text)
	case "re":
		expression, err := regexp.Compile(q.A)
		if err != nil {
			return "error"
		}
		return expression.FindStringIndex(q.B)
	case "float":
		value, _ := strconv.ParseFloat(q.A, 64)
		text, err := json.Marshal(value)
		if err != nil {
			text = []byte("error")
		}
		return []string{strconv.FormatFloat(value, 'f', -1, 64), string(text)}
	}
	return "unknown question"
}

func main() {
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 1<<26)
	for in.Scan() {
		var q question
		if err := json.Unmarshal(in.Bytes(), &q); err != nil {
			panic(err)
		}
		text, _ := json.Marshal(answer(q))
		fmt.Println(string(text))
	}
}
