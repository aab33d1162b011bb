/// What an endpoint announces once, first on its control stream (RFC 9114 section 7.2.4): pairs of integers.
package struct HTTP3Settings: Equatable, Sendable {
    package struct Setting: Equatable, Sendable {
        package var identifier: UInt64
        package var value: UInt64
    }

    /// More pairs than any endpoint sends; the rest is not kept.
    package static let capacity = 64

    package private(set) var list: [Setting] = []

    package init() {}

    /// Decodes the payload of a SETTINGS frame.
    ///
    /// - Throws: `.malformed` for an identifier that comes twice or is reserved from HTTP/2, `.truncated` for half a pair.
    @_lifetime(reader: copy reader)
    package init(decoding reader: inout ByteReader) throws(DecodeError) {
        while !reader.isAtEnd {  // each pass takes two bytes or more
            let identifier = try reader.quicInteger(in: .http3)
            let value = try reader.quicInteger(in: .http3)
            guard !(0x2...0x5).contains(identifier) else { throw reader.malformed(.http3, .forbiddenValue) }
            guard list.count < Self.capacity else { continue }
            guard !list.contains(where: { $0.identifier == identifier }) else {
                throw reader.malformed(.http3, .forbiddenValue)
            }
            list.append(Setting(identifier: identifier, value: value))
        }
    }

    package subscript(_ name: Name) -> UInt64? { list.first { $0.identifier == name.rawValue }?.value }

    /// Settings by their registered names, in snake_case.
    package enum Name: UInt64, CaseIterable, Sendable {
        case qpackMaxTableCapacity = 0x1
        case maxFieldSectionSize = 0x6
        case qpackBlockedStreams = 0x7
        case enableConnectProtocol = 0x8
        case h3Datagram = 0x33
        case enableWebtransport = 0x2b60_3742
        case webtransportMaxSessions = 0xc671_706a

        package var text: String {
            switch self {
            case .qpackMaxTableCapacity: "qpack_max_table_capacity"
            case .maxFieldSectionSize: "max_field_section_size"
            case .qpackBlockedStreams: "qpack_blocked_streams"
            case .enableConnectProtocol: "enable_connect_protocol"
            case .h3Datagram: "h3_datagram"
            case .enableWebtransport: "enable_webtransport"
            case .webtransportMaxSessions: "webtransport_max_sessions"
            }
        }
    }
}
