/// Type of an HTTP/2 frame (RFC 9113 section 6 and the registry it founded).
package struct HTTP2FrameType: RawRepresentable, Hashable, Sendable {
    package var rawValue: UInt8

    package init(rawValue: UInt8) { self.rawValue = rawValue }

    package static let data = Self(rawValue: 0x0)
    package static let headers = Self(rawValue: 0x1)
    package static let priority = Self(rawValue: 0x2)
    package static let reset = Self(rawValue: 0x3)
    package static let settings = Self(rawValue: 0x4)
    package static let pushPromise = Self(rawValue: 0x5)
    package static let ping = Self(rawValue: 0x6)
    package static let goAway = Self(rawValue: 0x7)
    package static let windowUpdate = Self(rawValue: 0x8)
    package static let continuation = Self(rawValue: 0x9)
    package static let priorityUpdate = Self(rawValue: 0x10)

    /// The kinds that are counted by name.
    package enum Kind: UInt8, CaseIterable, Sendable {
        case data, headers, priority, reset, settings, pushPromise, ping, goAway, windowUpdate, continuation
        case alternativeService, origin, priorityUpdate, unknown

        package var name: String {
            switch self {
            case .data: "data"
            case .headers: "headers"
            case .priority: "priority"
            case .reset: "rst_stream"
            case .settings: "settings"
            case .pushPromise: "push_promise"
            case .ping: "ping"
            case .goAway: "goaway"
            case .windowUpdate: "window_update"
            case .continuation: "continuation"
            case .alternativeService: "altsvc"
            case .origin: "origin"
            case .priorityUpdate: "priority_update"
            case .unknown: "unknown"
            }
        }
    }

    package var kind: Kind {
        switch rawValue {
        case 0x0...0x9: Kind(rawValue: rawValue) ?? .unknown
        case 0xa: .alternativeService
        case 0xc: .origin
        case 0x10: .priorityUpdate
        default: .unknown
        }
    }

    /// It carries a header block, or a part of one (RFC 9113 section 4.3).
    package var carriesFields: Bool { self == .headers || self == .pushPromise || self == .continuation }
}

/// The nine bytes before each frame's payload (RFC 9113 section 4.1).
///
///     HTTP Frame {
///       Length (24),
///       Type (8),
///       Flags (8),
///       Reserved (1),
///       Stream Identifier (31),
///       Frame Payload (..),
///     }
package struct HTTP2FrameHeader: Equatable, Sendable {
    package static var length: Int { 9 }

    package struct Flags: OptionSet, Sendable {
        package var rawValue: UInt8
        package init(rawValue: UInt8) { self.rawValue = rawValue }

        package static let endStream = Flags(rawValue: 0x1)
        /// Of SETTINGS and PING: it answers the other end's.
        package static let acknowledgment = Flags(rawValue: 0x1)
        package static let endHeaders = Flags(rawValue: 0x4)
        package static let padded = Flags(rawValue: 0x8)
        package static let priority = Flags(rawValue: 0x20)
    }

    /// Bytes of payload.
    package var payloadLength: Int
    package var type: HTTP2FrameType
    package var flags: Flags
    /// 0 is the connection.
    package var stream: UInt32

    package init(payloadLength: Int, type: HTTP2FrameType, flags: Flags, stream: UInt32) {
        self.payloadLength = payloadLength
        self.type = type
        self.flags = flags
        self.stream = stream
    }

    @_lifetime(reader: copy reader)
    package init(decoding reader: inout ByteReader) throws(DecodeError) {
        try reader.require(Self.length, in: .http2)
        payloadLength = Int(reader.uint24())
        type = HTTP2FrameType(rawValue: reader.uint8())
        flags = Flags(rawValue: reader.uint8())
        stream = reader.uint32() & 0x7fff_ffff
    }

    /// A header that an endpoint could have sent (RFC 9113 section 6): lengths and streams that its type allows, of a frame
    /// no longer than endpoints allow by default. For finding the beginning of a frame after a gap.
    package var isPlausible: Bool {
        guard payloadLength <= 16_384 else { return false }
        let isConnection = stream == 0
        switch type.kind {
        case .data, .headers, .continuation: return !isConnection
        case .priority: return !isConnection && payloadLength == 5
        case .reset: return !isConnection && payloadLength == 4
        case .settings:
            return isConnection && payloadLength % 6 == 0 && (!flags.contains(.acknowledgment) || payloadLength == 0)
        case .pushPromise: return !isConnection && payloadLength >= 4
        case .ping: return isConnection && payloadLength == 8
        case .goAway: return isConnection && payloadLength >= 8
        case .windowUpdate: return payloadLength == 4
        case .priorityUpdate: return isConnection && payloadLength >= 4
        case .alternativeService, .origin, .unknown: return false
        }
    }
}
