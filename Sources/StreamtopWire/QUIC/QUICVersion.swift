import StreamtopBase

/// The version field of a QUIC long header (RFC 8999 section 5.1) and what we know of its value.
package struct QUICVersion: Hashable, Sendable {
    package var rawValue: UInt32
    @inlinable
    package init(rawValue: UInt32) { self.rawValue = rawValue }

    /// Marks a Version Negotiation packet.
    package static let negotiation = QUICVersion(rawValue: 0)
    package static let v1 = QUICVersion(rawValue: 1)
    /// RFC 9369 section 3.1.
    package static let v2 = QUICVersion(rawValue: 0x6b33_43cf)
    package static func draft(_ number: UInt8) -> QUICVersion {
        QUICVersion(rawValue: 0xff00_0000 | UInt32(number))
    }

    /// What the packets of a version look like to us.
    package enum Family: Equatable, Sendable {
        /// Headers, protection and frames of RFC 9000 and 9001 (draft 29 and later differ in constants only).
        case v1
        /// RFC 9369: other type bits, labels and constants.
        case v2
        /// Drafts 23 to 28: version 1's headers with an older salt. `draftNumber` tells which.
        case earlyDraft
        /// Google's QUIC before the IETF's; only its version and connection ID are read.
        case google
        /// Not known, greased included: the invariants of RFC 8999 hold, nothing else is read.
        case other
    }

    package var family: Family {
        switch rawValue {
        case 1, 0xff00_001d...0xff00_0022: .v1
        case 0x6b33_43cf: .v2
        case 0xff00_0017...0xff00_001c, 0xface_b002: .earlyDraft
        default: isGoogle ? .google : .other
        }
    }

    /// We read the packet types and packet numbers of this version.
    package var isDecodable: Bool {
        switch family {
        case .v1, .v2, .earlyDraft: true
        case .google, .other: false
        }
    }

    /// Number of the IETF draft whose constants apply; nil for released and foreign versions.
    package var draftNumber: UInt8? {
        switch rawValue {
        case 0xff00_0001...0xff00_0022: UInt8(truncatingIfNeeded: rawValue)
        case 0xface_b002: 27  // mvfst's second experiment
        default: nil
        }
    }

    /// Reserved to force negotiation (RFC 9000 section 15): 0x?a?a?a?a.
    package var isGreased: Bool { rawValue & 0x0f0f_0f0f == 0x0a0a_0a0a }

    /// "Q" or "T" and three decimal digits: the versions of gQUIC.
    package var isGoogle: Bool {
        let letter = rawValue >> 24
        guard letter == 0x51 || letter == 0x54 else { return false }
        return [16, 8, 0].allSatisfy { 0x30...0x39 ~= rawValue >> UInt32($0) & 0xff }
    }

    /// A version that some deployment is known to speak: what a first datagram is trusted to be QUIC by.
    package var isKnown: Bool {
        isDecodable || isGoogle || draftNumber != nil
            || [0xface_b001, 0x709a_50c4, 0x4547_4719, 0x5043_5131].contains(rawValue)
    }
}

extension QUICVersion: CustomStringConvertible {
    /// "1", "2", "draft-29", "Q046", "mvfst-2"; hexadecimal for what has no name.
    package var description: String {
        switch rawValue {
        case 1: return "1"
        case 0x6b33_43cf: return "2"
        case 0x709a_50c4: return "2-draft"
        case 0xface_b001, 0xface_b002: return "mvfst-\(rawValue & 15)"
        case 0xff00_0001...0xff00_0022: return "draft-\(rawValue & 0xff)"
        default: break
        }
        let bytes = [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: rawValue >> UInt32($0)) }
        return isGoogle ? String(decoding: bytes, as: UTF8.self) : "0x" + bytes.hexadecimal
    }
}
