/// Tells whether a UDP payload may be QUIC, from its first bytes alone (RFC 8999, RFC 9443).
///
/// The answer is a suspicion: an Initial whose tag matches is the proof.
package enum QUICProbe: Equatable, Sendable {
    /// A long header of a version that exists.
    case longHeader(QUICVersion)
    /// A Version Negotiation packet, or a long header of a greased version: QUIC by its shape.
    case negotiation
    /// Google QUIC's public header with a version tag, or its 8-byte connection ID.
    case google(QUICVersion)
    case none

    package init(_ bytes: RawSpan) {
        let reader = ByteReader(bytes)
        self = .none
        guard let first = reader.peekUInt8() else { return }
        if first & 0x80 != 0 {
            self = Self.long(reader, first: first)
        } else if let version = Self.googleVersion(reader, first: first) {
            self = .google(version)
        }
    }

    private static func long(_ reader: borrowing ByteReader, first: UInt8) -> QUICProbe {
        guard let number = reader.peekUInt32(ahead: 1), let length = reader.peekUInt8(ahead: 5) else { return .none }
        let version = QUICVersion(rawValue: number)
        guard length <= 20, let second = reader.peekUInt8(ahead: 6 + Int(length)), second <= 20 else {
            // gQUIC 046 packs both lengths into one byte; its version alone must do.
            return version.isGoogle ? .longHeader(version) : .none
        }
        let body = reader.remaining - 7 - Int(length) - Int(second)
        if number == 0 {
            // An RTP packet can start with the same bytes: one version that exists must be in the list.
            guard body >= 4, body % 4 == 0, body <= 256, length > 0 || second > 0 else { return .none }
            for position in stride(from: 7 + Int(length) + Int(second), to: reader.remaining, by: 4) {
                if let word = reader.peekUInt32(ahead: position), QUICVersion(rawValue: word).isKnown {
                    return .negotiation
                }
            }
            return .none
        }
        // RTP keeps the second bit clear; a QUIC end may only after both agreed to (RFC 9287).
        guard first & 0x40 != 0 else { return .none }
        if version.isKnown { return .longHeader(version) }
        return version.isGreased && reader.remaining >= 1200 && length >= 8 ? .negotiation : .none
    }

    /// Google QUIC up to 043: flags with version (0x01) and 8-byte connection ID (0x08) bits, then the version tag.
    private static func googleVersion(_ reader: borrowing ByteReader, first: UInt8) -> QUICVersion? {
        guard first & 0xc9 == 0x09, let tag = reader.peekUInt32(ahead: 9) else { return nil }
        let version = QUICVersion(rawValue: tag)
        return version.isGoogle ? version : nil
    }
}
