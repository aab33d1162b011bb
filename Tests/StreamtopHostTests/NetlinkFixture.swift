import Foundation
import StreamtopBase

@testable import StreamtopHost

/// An answer of a kernel's, or one built byte by byte from its headers, with what is in it.
struct NetlinkFixture: CustomStringConvertible, Sendable {
    var name: String
    var datagrams: [[UInt8]]
    /// complete, short, longer or damaged.
    var state: String
    var description: String { name }

    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures/netlink")

    static func text(_ name: String) throws -> String {
        try String(contentsOf: folder.appending(path: name), encoding: .utf8)
    }

    static func values(_ name: String) throws -> [String: Any] {
        let data = try Data(contentsOf: folder.appending(path: "\(name).json"))
        return try JSONSerialization.jsonObject(with: data) as? [String: Any] ?? [:]
    }

    init(_ name: String) throws {
        self.name = name
        let bytes = try [UInt8](Data(contentsOf: Self.folder.appending(path: "\(name).bin")))
        let values = try Self.values(name)
        state = values["state"] as? String ?? ""
        var rest = bytes[...]
        datagrams = []
        for length in values["datagrams"] as? [Int] ?? [bytes.count] {
            datagrams.append(Array(rest.prefix(length)))
            rest = rest.dropFirst(length)
        }
    }

    static func names(_ prefix: String) -> [String] {
        let files = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return files.filter { $0.hasSuffix(".bin") && $0.hasPrefix(prefix) }.map { String($0.dropLast(4)) }.sorted()
    }

    static var all: [String] { names("") }

    /// The messages of the whole answer, as a reader would take them: none of an answer that is not whole.
    func messages<Value>(_ make: (UInt16, RawSpan) -> Value?) throws(NetlinkAnswer.Failure) -> [Value] {
        let answer = NetlinkAnswer(isDump: true)
        var values: [Value] = []
        for datagram in datagrams {
            let span = datagram.span
            let bytes = unsafe span.bytes
            _ = try answer.read(bytes) { type, body in
                if let value = make(type, body) { values.append(value) }
            }
        }
        return values
    }
}

/// Hands the bytes to `body` as a span.
func withSpan<Result>(_ bytes: [UInt8], _ body: (RawSpan) throws -> Result) rethrows -> Result {
    let span = bytes.span
    return try body(unsafe span.bytes)
}
