/// A field line of an HTTP message as decoded (RFC 9110 section 5): bytes that are not UTF-8 were replaced.
package struct HTTPField: Equatable, Sendable {
    /// In lower case; pseudo-header fields keep their colon.
    package var name: String
    package var value: String

    package init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}
