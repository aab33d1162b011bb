/// Type of an HTTP/3 frame (RFC 9114 section 7.2 and the registry it founded).
package struct HTTP3FrameType: RawRepresentable, Hashable, Sendable {
    package var rawValue: UInt64

    package init(rawValue: UInt64) { self.rawValue = rawValue }

    package static let data = Self(rawValue: 0x0)
    package static let headers = Self(rawValue: 0x1)
    package static let cancelPush = Self(rawValue: 0x3)
    package static let settings = Self(rawValue: 0x4)
    package static let pushPromise = Self(rawValue: 0x5)
    package static let goAway = Self(rawValue: 0x7)
    package static let maxPushID = Self(rawValue: 0xd)

    /// The kinds that are counted by name, with what is reserved and what is not known at the end.
    package enum Kind: UInt8, CaseIterable, Sendable {
        case data, headers, cancelPush, settings, pushPromise, goAway, origin, maxPushID, priorityUpdate, reserved
        case unknown

        package var name: String {
            switch self {
            case .data: "data"
            case .headers: "headers"
            case .cancelPush: "cancel_push"
            case .settings: "settings"
            case .pushPromise: "push_promise"
            case .goAway: "goaway"
            case .origin: "origin"
            case .maxPushID: "max_push_id"
            case .priorityUpdate: "priority_update"
            case .reserved: "reserved"
            case .unknown: "unknown"
            }
        }
    }

    package var kind: Kind {
        switch rawValue {
        case 0x0: .data
        case 0x1: .headers
        case 0x3: .cancelPush
        case 0x4: .settings
        case 0x5: .pushPromise
        case 0x7: .goAway
        case 0xc: .origin
        case 0xd: .maxPushID
        case 0xf0700, 0xf0701: .priorityUpdate
        default: Self.isReserved(rawValue) ? .reserved : .unknown
        }
    }

    /// Frame types of HTTP/2 that must not be sent over HTTP/3 (RFC 9114 section 7.2.8).
    package var isForbidden: Bool {
        switch rawValue {
        case 0x2, 0x6, 0x8, 0x9: true
        default: false
        }
    }

    /// Types that exist to keep implementations from choking on unknown ones: 0x1f * N + 0x21 (RFC 9114 section 7.2.8).
    package static func isReserved(_ value: UInt64) -> Bool { value >= 0x21 && (value - 0x21) % 0x1f == 0 }
}

/// Type of an HTTP/3 unidirectional stream, its first integer (RFC 9114 section 6.2, RFC 9204 section 4.2).
package enum HTTP3StreamType: Equatable, Sendable {
    case control, push, qpackEncoder, qpackDecoder
    /// Reserved, or of an extension: its bytes mean nothing to us.
    case other(UInt64)

    package init(_ value: UInt64) {
        switch value {
        case 0x0: self = .control
        case 0x1: self = .push
        case 0x2: self = .qpackEncoder
        case 0x3: self = .qpackDecoder
        default: self = .other(value)
        }
    }
}
