/// Common header of an SCTP packet (RFC 9260 section 3.1): source port(2) destination port(2) verification tag(4)
/// checksum(4, CRC32c, least significant byte first).
package struct SCTPCommonHeader: Equatable, Sendable, BitwiseCopyable {
    package static var length: Int { 12 }

    package var sourcePort: UInt16
    package var destinationPort: UInt16
    package var verificationTag: UInt32
    /// As the CRC32c would be; 0: perhaps left out (RFC 9653).
    package var checksum: UInt32

    @_lifetime(reader: copy reader)
    package init(decoding reader: inout ByteReader) throws(DecodeError) {
        try reader.require(Self.length, in: .sctp)
        sourcePort = reader.uint16()
        destinationPort = reader.uint16()
        verificationTag = reader.uint32()
        checksum = reader.uint32().byteSwapped
        guard sourcePort != 0, destinationPort != 0 else { throw reader.malformed(.sctp, .forbiddenValue) }
    }

    /// The checksum of a whole packet is right: computed with its own field as zero (RFC 9260 section 6.8).
    package static func isSound(_ packet: RawSpan) -> Bool {
        guard packet.byteCount >= Self.length else { return false }
        var reader = ByteReader(packet)
        reader.skip(8)
        let stated = reader.uint32().byteSwapped
        var sum = CRC32c()
        sum.update(packet.extracting(0..<8))
        for _ in 0..<4 { sum.update(0) }
        sum.update(packet.extracting(12..<packet.byteCount))
        return sum.value == stated
    }
}

/// CRC32c (RFC 9260 appendix A; polynomial 0x1EDC6F41, reflected).
package struct CRC32c: Sendable {
    private var state: UInt32 = 0xffff_ffff

    package init() {}

    package var value: UInt32 { ~state }

    package mutating func update(_ byte: UInt8) {
        state = Self.table[Int((state ^ UInt32(byte)) & 0xff)] ^ state >> 8
    }

    package mutating func update(_ bytes: RawSpan) {
        var reader = ByteReader(bytes)
        while !reader.isAtEnd { update(reader.uint8()) }
    }

    private static let table: [UInt32] = (0..<256).map { index in
        (0..<8).reduce(UInt32(index)) { sum, _ in sum & 1 == 1 ? 0x82f6_3b78 ^ sum >> 1 : sum >> 1 }
    }
}

/// Header of a chunk (RFC 9260 section 3.2): type(1) flags(1) length(2, header included, padding not).
package struct SCTPChunkHeader: Equatable, Sendable, BitwiseCopyable {
    package static var fixedLength: Int { 4 }

    package var type: SCTPChunkType
    package var flags: UInt8
    /// Bytes of the chunk, header included, without padding.
    package var length: Int
}

package struct SCTPChunkType: Hashable, Sendable, BitwiseCopyable {
    package var rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }

    package static let data = SCTPChunkType(rawValue: 0)
    package static let initiation = SCTPChunkType(rawValue: 1)
    package static let initiationAck = SCTPChunkType(rawValue: 2)
    package static let selectiveAck = SCTPChunkType(rawValue: 3)
    package static let heartbeat = SCTPChunkType(rawValue: 4)
    package static let heartbeatAck = SCTPChunkType(rawValue: 5)
    package static let abort = SCTPChunkType(rawValue: 6)
    package static let shutdown = SCTPChunkType(rawValue: 7)
    package static let shutdownAck = SCTPChunkType(rawValue: 8)
    package static let error = SCTPChunkType(rawValue: 9)
    package static let cookieEcho = SCTPChunkType(rawValue: 10)
    package static let cookieAck = SCTPChunkType(rawValue: 11)
    package static let shutdownComplete = SCTPChunkType(rawValue: 14)
    /// RFC 8260.
    package static let interleavedData = SCTPChunkType(rawValue: 64)
    /// RFC 6525.
    package static let reconfiguration = SCTPChunkType(rawValue: 130)
    /// RFC 4820.
    package static let padding = SCTPChunkType(rawValue: 132)
    /// RFC 3758.
    package static let forwardTSN = SCTPChunkType(rawValue: 192)
    /// RFC 8260.
    package static let interleavedForwardTSN = SCTPChunkType(rawValue: 194)

    /// A type that a standard defines.
    package var isKnown: Bool {
        switch rawValue {
        case 0...15, 64, 128, 130, 132, 192...194: true
        default: false
        }
    }
}

/// Walks the chunks of a packet, behind its common header.
package struct SCTPChunks: ~Escapable {
    private var reader: ByteReader
    /// A chunk did not fit; those before it were read.
    package private(set) var error: DecodeError?

    @_lifetime(copy bytes)
    package init(_ bytes: RawSpan) { reader = ByteReader(bytes) }

    @_lifetime(copy source)
    package init(_ source: borrowing ByteReader) { reader = source.rest }

    /// The next chunk's header and, in `body`, its value as far as it was captured; nil at the end.
    @_lifetime(self: copy self)
    @_lifetime(body: copy self)
    package mutating func next(body: inout ByteReader) -> SCTPChunkHeader? {
        guard reader.remaining >= SCTPChunkHeader.fixedLength else { return nil }
        let type = SCTPChunkType(rawValue: reader.uint8())
        let flags = reader.uint8()
        let length = Int(reader.uint16())
        guard length >= SCTPChunkHeader.fixedLength else {
            error = reader.malformed(.sctp, .lengthBelowHeader)
            reader.skip(reader.remaining)
            return nil
        }
        let size = length - SCTPChunkHeader.fixedLength
        if size > reader.remaining {
            error = DecodeError(
                layer: .sctp, offset: reader.offset, cause: .truncated(needed: size, available: reader.remaining))
        }
        body = reader.reader(of: size)
        // Chunks begin on words; the padding is not in the length.
        reader.skip(min(-length & 3, reader.remaining))
        return SCTPChunkHeader(type: type, flags: flags, length: length)
    }
}
