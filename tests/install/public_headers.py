"""Reads the declarations of the public headers: enough C++ for headers that clang-format has formatted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

FUNCTION = re.compile(r"^(?P<returns>.+?)(?P<name>operator\S+|~?\w+)\((?P<arguments>.*)\)(?P<rest>[^()]*)$")


@dataclass(frozen=True)
class Function:
    """A function that a header declares and does not define: the library must have it."""

    scope: str  # "runstone::Run", or a namespace
    in_class: bool
    returns: str  # "" for a constructor
    name: str
    arguments: str  # as a type has them: without defaults
    is_static: bool
    qualifiers: str  # "const", "noexcept"

    @property
    def is_special(self) -> bool:
        """A constructor, destructor, operator or friend: its address cannot be taken by its name."""
        return not self.returns or self.name.startswith(("operator", "~"))


@dataclass(frozen=True)
class Scope:
    name: str = ""
    kind: str = "namespace"  # namespace, class, other (a body, an enum: nothing in it is declared)
    public: bool = True
    template: bool = False


def without_comments(text: str) -> str:
    text = re.sub(r"//[^\n]*|/\*.*?\*/", " ", text, flags=re.DOTALL)
    return re.sub(r"^\s*#[^\n]*(\\\n[^\n]*)*", "", text, flags=re.MULTILINE)


def top_level(text: str) -> Iterator[tuple[int, str]]:
    """Each character that is in no bracket, with its place."""
    depth = 0
    for place, character in enumerate(text):
        if character in "(<[{":
            depth += 1
        elif character in ")>]}" and text[place - 1 : place + 1] != "->":
            depth -= 1
        elif depth == 0:
            yield place, character


def without_defaults(arguments: str) -> str:
    commas = [place for place, character in top_level(arguments) if character == ","]
    parts = [arguments[a + 1 : b] for a, b in zip([-1, *commas], [*commas, len(arguments)], strict=True)]
    out = []
    for part in parts:
        equals = [place for place, character in top_level(part) if character == "="]
        out.append(part[: equals[0]] if equals else part)
    return ",".join(out).strip()


def entered(scope: Scope, head: str) -> Scope:
    """The scope behind a `{` with these words before it."""
    if scope.kind == "other":
        return scope
    if found := re.fullmatch(r"namespace ([\w:]+)", head):
        return Scope("::".join(filter(None, (scope.name, found[1]))))
    found = re.match(r"(template .*)?(class|struct) (?:\[\[\w+\]\] )?(\w+(?:<.*?>)?)", head)
    if found and "(" not in re.sub(r"template <.*?>", "", head):
        template = scope.template or bool(found[1]) or "<" in found[3]
        name = f"{scope.name}::{found[3]}"
        return Scope(name, "class", scope.public and found[2] == "struct", template)
    return replace(scope, kind="other")


def declared(scope: Scope, statement: str) -> Function | None:
    if scope.kind == "other" or scope.template or not (scope.public or statement.startswith("friend ")):
        return None
    if re.match(r"(using|template|friend class|static_assert|typedef|class|struct|enum)\b", statement):
        return None
    if re.search(r"= (default|delete|0)$", statement) or statement.startswith("inline "):
        return None
    outer = "".join(character for _, character in top_level(statement))
    found = FUNCTION.match(" " + statement)
    if not found or re.search(r"=", outer.replace("operator", "")) and "operator" not in statement:
        return None
    if re.search(r"<[^>]*$", found["returns"]):  # the bracket belongs to a type: std::function<void()>
        return None
    returns = re.sub(r"\b(static|explicit|constexpr|friend|virtual)\b|\[\[\w+\]\]", "", found["returns"])
    is_friend = statement.startswith("friend ")
    return Function(
        scope.name.rsplit("::", 1)[0] if is_friend else scope.name,
        scope.kind == "class" and not is_friend,
        " ".join(returns.split()),
        found["name"],
        without_defaults(found["arguments"]),
        "static " in statement,
        found["rest"].strip(),
    )


def functions(header: str) -> list[Function]:
    """What the text of a header declares without defining it, in the public parts."""
    text = without_comments(header)
    stack = [Scope()]
    found: list[Function] = []
    words = ""
    for piece in re.split(r"([{};]|\b(?:public|private|protected):)", text):
        head = " ".join((words + piece).split()) if piece not in ("{", "}", ";") else words
        if piece == "{":
            if words.count("(") > words.count(")"):  # a default argument: part of the statement
                stack.append(Scope(kind="argument"))
                words += "{"
                continue
            stack.append(entered(stack[-1], words))
            words = ""
        elif piece == "}":
            if stack.pop().kind == "argument":
                words += "}"
            else:
                words = ""
        elif piece == ";":
            if function := declared(stack[-1], words):
                found.append(function)
            words = ""
        elif piece.rstrip(":") in ("public", "private", "protected") and piece.endswith(":"):
            stack[-1] = replace(stack[-1], public=piece == "public:")
            words = ""
        else:
            words = head
    return found
