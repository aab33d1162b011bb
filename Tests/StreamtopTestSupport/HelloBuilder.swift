/// Builds ClientHello and ServerHello messages field by field, for tests.
package struct HelloBuilder {
    package var legacyVersion: UInt16 = 0x0303
    package var random = [UInt8](repeating: 7, count: 32)
    package var sessionID: [UInt8] = []
    /// DTLS only: nil leaves the field out.
    package var cookie: [UInt8]?
    package var cipherSuites: [UInt16] = [0x1301]
    /// Type and body, in the order of the wire; nil leaves the whole block out.
    package var extensions: [(type: UInt16, body: [UInt8])]? = []

    package init() {}

    /// A vector with its length in front.
    package static func vector(_ bytes: [UInt8], lengthBytes: Int) -> [UInt8] {
        (0..<lengthBytes).map { UInt8(truncatingIfNeeded: bytes.count >> (8 * (lengthBytes - 1 - $0))) } + bytes
    }

    package static func numbers(_ values: [UInt16]) -> [UInt8] {
        values.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xff)] }
    }

    /// server_name with one host name.
    package static func serverName(_ name: String) -> (type: UInt16, body: [UInt8]) {
        (0, vector([0] + vector(Array(name.utf8), lengthBytes: 2), lengthBytes: 2))
    }

    /// application_layer_protocol_negotiation.
    package static func alpn(_ names: [[UInt8]]) -> (type: UInt16, body: [UInt8]) {
        (16, vector(names.flatMap { vector($0, lengthBytes: 1) }, lengthBytes: 2))
    }

    private var extensionBlock: [UInt8] {
        guard let extensions else { return [] }
        return Self.vector(
            extensions.flatMap { Self.numbers([$0.type]) + Self.vector($0.body, lengthBytes: 2) }, lengthBytes: 2)
    }

    /// The body of a ClientHello, without message header.
    package var clientBody: [UInt8] {
        var body = Self.numbers([legacyVersion]) + random + Self.vector(sessionID, lengthBytes: 1)
        if let cookie { body += Self.vector(cookie, lengthBytes: 1) }
        return body + Self.vector(Self.numbers(cipherSuites), lengthBytes: 2) + [1, 0] + extensionBlock
    }

    /// The body of a ServerHello that picks the first suite, without message header.
    package var serverBody: [UInt8] {
        Self.numbers([legacyVersion]) + random + Self.vector(sessionID, lengthBytes: 1)
            + Self.numbers([cipherSuites.first ?? 0]) + [0] + extensionBlock
    }

    /// Header and body of a message.
    package static func message(_ type: UInt8, _ body: [UInt8]) -> [UInt8] {
        [type] + vector(body, lengthBytes: 3)
    }

    /// A record around `fragment`.
    package static func record(_ type: UInt8, _ fragment: [UInt8], version: UInt16 = 0x0303) -> [UInt8] {
        [type] + numbers([version]) + vector(fragment, lengthBytes: 2)
    }
}
