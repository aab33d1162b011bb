import StreamtopBase
import StreamtopModel

/// Writes the records of the JSON contract, version 1, one object a line (docs/json.md).
///
/// Every append adds one whole line to a buffer that the caller writes out and reuses. The order of records is the
/// caller's: `meta` first, then events, samples and flows as time passes, final flows in order of first packet, and one
/// `summary` last. The exporter chooses names and forms, never values.
///
/// One file for each record and one for each section of a flow; a section is an extension of `JSONWriter` that takes
/// the model's value and is called from `JSONLinesExporter+flow.swift`.
package struct JSONLinesExporter: Sendable {
    /// Raised by a rename or a change of meaning; new members leave it as it is.
    package static let schemaVersion = 1

    /// What the capture's interface may have dropped is known only of a live capture, unless it is more than nothing.
    var isLive = false

    package init() {}

    /// One line: an object that starts with the version and its type.
    func record(_ type: String, to buffer: inout RecordBuffer, _ body: (inout JSONWriter) -> Void) {
        var writer = JSONWriter(buffer)
        writer.object { object in
            object.member("schema", Self.schemaVersion)
            object.member("type", type)
            body(&object)
        }
        writer.endLine()
        buffer = writer.finish()
    }
}

extension JSONWriter {
    /// Flows are numbered by first packet: "f1", "f2", …
    @inline(__always)
    mutating func flow(_ name: StaticString, _ identifier: FlowIdentifier) {
        key(name)
        startValue()
        bytes.append(literal: "\"f")
        bytes.append(decimal: identifier.number)
        bytes.append(UInt8(ascii: "\""))
    }

    /// Which end sent something.
    @inline(__always)
    mutating func member(_ name: StaticString, _ direction: Direction) {
        member(name, direction == .fromClient ? "client" : "server")
    }
}
