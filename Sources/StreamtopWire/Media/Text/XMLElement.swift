/// An element of an XML document, without its namespace: its attributes, the elements in it, and the characters between them.
package struct XMLElement: Equatable, Sendable {
    package var name: String
    package var attributes: [String: String] = [:]
    package var children: [XMLElement] = []
    /// White space at both ends is left out.
    package var text = ""

    package init(name: String) { self.name = name }

    package subscript(attribute: String) -> String? { attributes[attribute] }

    package func first(_ name: String) -> XMLElement? { children.first { $0.name == name } }
    package func all(_ name: String) -> [XMLElement] { children.filter { $0.name == name } }
}
