/// Tells by content, on any port, where TLS can begin in a byte stream.
package enum TLSProbe {
    /// The bytes begin with a record that begins with a ClientHello.
    package static func isClientHello(_ bytes: RawSpan) -> Bool {
        let reader = ByteReader(bytes)
        return reader.peekUInt8() == 22 && reader.peekUInt8(ahead: 5) == TLSHandshakeType.clientHello.rawValue
    }

    /// The bytes, as far as they go, can be the beginning of TLS: a record with a hello, an SSL 2.0 form hello, or (picked up
    /// in the middle) records that follow each other exactly.
    package static func canBegin(_ bytes: RawSpan) -> Bool {
        var reader = ByteReader(bytes)
        guard let first = reader.peekUInt8() else { return false }
        if first == 22 { return canBeHandshake(reader) }
        if first & 0x80 != 0 { return canBeSSL2(reader) }
        guard (20...23).contains(first) else { return false }
        // At least one whole record, and then nothing or another header.
        guard let header = try? TLSRecordHeader(decoding: &reader), header.fragmentLength > 0,
            reader.remaining >= header.fragmentLength
        else { return false }
        reader.skip(header.fragmentLength)
        return reader.isAtEnd || (try? TLSRecordHeader(decoding: &reader)) != nil
    }

    /// `22 3 minor length(2) type`, type a hello or another message that opens a flight.
    private static func canBeHandshake(_ reader: borrowing ByteReader) -> Bool {
        if let major = reader.peekUInt8(ahead: 1), major != 3 { return false }
        if let minor = reader.peekUInt8(ahead: 2), minor > 4 { return false }
        if let length = reader.peekUInt16(ahead: 3) {
            guard (1...UInt16(TLSRecordHeader.longestFragment)).contains(length) else { return false }
        }
        guard let type = reader.peekUInt8(ahead: 5) else { return true }
        return TLSHandshakeType(rawValue: type).isKnown
    }

    private static func canBeSSL2(_ reader: borrowing ByteReader) -> Bool {
        guard let type = reader.peekUInt8(ahead: 2), let version = reader.peekUInt16(ahead: 3) else { return false }
        guard let length = reader.peekUInt16(), length & 0x7fff >= 12, length & 0x7fff <= 1024 else { return false }
        guard let suites = reader.peekUInt16(ahead: 5), suites > 0, suites % 3 == 0 else { return false }
        return type == 1 && (version == 2 || (0x0300...0x0303).contains(version))
    }
}
