/// Content types of a TLS or DTLS record (RFC 8446 section 5.1, RFC 6520, RFC 9146).
package enum TLSContentType: UInt8, Sendable {
    case changeCipherSpec = 20
    case alert = 21
    case handshake = 22
    case applicationData = 23
    case heartbeat = 24
    /// DTLS: a record that carries a connection ID (RFC 9146 section 4).
    case connectionID = 25
    /// DTLS 1.3 (RFC 9147 section 7).
    case ack = 26
}

/// TLS record header (RFC 8446 section 5.1): `type(1) version(2) length(2)`, then the fragment.
package struct TLSRecordHeader: Equatable, Sendable {
    package static var length: Int { 5 }
    /// 2^14 plaintext bytes and what protection may add in TLS 1.2 (RFC 5246 section 6.2.3).
    package static var longestFragment: Int { 16384 + 2048 }

    package var type: TLSContentType
    package var version: TLSVersion
    /// Bytes of fragment that follow.
    package var fragmentLength: Int

    /// Reads a header; the reader is left at the fragment. Throws `.malformed` for bytes that cannot be a record, which
    /// is also how TLS is told from other protocols.
    package init(decoding reader: inout ByteReader) throws(DecodeError) {
        try reader.require(Self.length, in: .tlsRecord)
        guard let known = reader.peekUInt8().flatMap(TLSContentType.init), known.rawValue <= 24 else {
            throw reader.malformed(.tlsRecord, .forbiddenValue)
        }
        type = known
        reader.skip(1)
        version = TLSVersion(rawValue: reader.uint16())
        guard version.rawValue >> 8 == 3, version.rawValue & 0xff <= 4 else {
            throw reader.malformed(.tlsRecord, .wrongVersion)
        }
        fragmentLength = Int(reader.uint16())
        guard fragmentLength <= Self.longestFragment else {
            throw reader.malformed(.tlsRecord, .lengthBeyondEnclosure)
        }
    }
}
