/// DTLS record header, in its three forms.
///
///     DTLS 1.0 to 1.2 (RFC 6347 section 4.1):    type(1) version(2) epoch(2) sequence(6) length(2)
///     with a connection ID (RFC 9146 section 4): type(1)=25 version(2) epoch(2) sequence(6) cid(n) length(2)
///     DTLS 1.3 (RFC 9147 section 4):             001CSLEE [cid(n)] sequence(1 or 2) [length(2)]
package struct DTLSRecordHeader: Equatable, Sendable {
    package enum Form: Equatable, Sendable {
        case plain
        case connectionID
        /// The sequence number is encrypted; the epoch is its low two bits.
        case unified(sequenceLength: Int)
    }

    /// Length of the fixed part of the older forms, without connection ID.
    package static var plainLength: Int { 13 }

    package var form: Form
    /// nil in the unified form, where it is hidden.
    package var type: TLSContentType?
    /// nil in the unified form.
    package var version: TLSVersion?
    /// The whole epoch, in the unified form its low two bits.
    package var epoch: UInt16
    /// 48 bits; in the unified form as sent, still encrypted.
    package var sequence: UInt64
    /// Bytes of header, connection ID included.
    package var length: Int
    /// Bytes of fragment that follow.
    package var fragmentLength: Int

    /// Reads a header; the reader is left at the fragment. `connectionIDLength` is what was agreed on for this direction.
    package init(decoding reader: inout ByteReader, connectionIDLength: Int) throws(DecodeError) {
        let start = reader.consumed
        guard let first = reader.peekUInt8() else {
            throw DecodeError(layer: .dtls, offset: reader.offset, cause: .truncated(needed: 1, available: 0))
        }
        if first & 0xe0 == 0x20 {
            try self.init(unified: &reader, first: first, connectionIDLength: connectionIDLength)
        } else {
            try self.init(plain: &reader, connectionIDLength: connectionIDLength)
        }
        length = reader.consumed - start
        guard fragmentLength <= reader.remaining else { throw reader.malformed(.dtls, .lengthBeyondEnclosure) }
    }

    private init(plain reader: inout ByteReader, connectionIDLength: Int) throws(DecodeError) {
        try reader.require(Self.plainLength, in: .dtls)
        guard let type = reader.peekUInt8().flatMap(TLSContentType.init) else {
            throw reader.malformed(.dtls, .forbiddenValue)
        }
        reader.skip(1)
        let version = TLSVersion(rawValue: reader.uint16())
        guard version == .dtls12 || version == .dtls10 || version == .dtlsOpenSSL else {
            throw reader.malformed(.dtls, .wrongVersion)
        }
        self.type = type
        self.version = version
        epoch = reader.uint16()
        sequence = reader.uint(size: 6)
        form = type == .connectionID ? .connectionID : .plain
        if type == .connectionID {
            try reader.require(connectionIDLength + 2, in: .dtls)
            reader.skip(connectionIDLength)
        }
        fragmentLength = Int(reader.uint16())
        length = 0
    }

    private init(unified reader: inout ByteReader, first: UInt8, connectionIDLength: Int) throws(DecodeError) {
        let sequenceLength = first & 0x08 != 0 ? 2 : 1
        let identifier = first & 0x10 != 0 ? connectionIDLength : 0
        try reader.require(1 + identifier + sequenceLength + (first & 0x04 != 0 ? 2 : 0), in: .dtls)
        reader.skip(1 + identifier)
        form = .unified(sequenceLength: sequenceLength)
        type = nil
        version = nil
        epoch = UInt16(first & 3)
        sequence = reader.uint(size: sequenceLength)
        // Without a length the record goes to the end of the datagram.
        fragmentLength = first & 0x04 != 0 ? Int(reader.uint16()) : reader.remaining
        length = 0
    }

    /// The bytes, from their first, can be a DTLS record of the older forms with a fragment that fits.
    package static func canBegin(_ bytes: RawSpan) -> Bool {
        var reader = ByteReader(bytes)
        guard let first = reader.peekUInt8(), (20...26).contains(first) else { return false }
        guard let header = try? DTLSRecordHeader(decoding: &reader, connectionIDLength: 0) else { return false }
        return header.fragmentLength > 0
    }
}
