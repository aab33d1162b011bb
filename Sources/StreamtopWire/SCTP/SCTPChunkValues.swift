/// DATA (RFC 9260 section 3.3.1): TSN(4) stream(2) SSN(2) PPID(4) user data; I-DATA (RFC 8260 section 2.1): TSN(4) stream(2)
/// reserved(2) MID(4), PPID(4) in the first fragment or FSN(4) in the others, user data.
package struct SCTPDataChunk: Equatable, Sendable, BitwiseCopyable {
    package var tsn: UInt32
    package var stream: UInt16
    /// SSN, or the 32-bit MID of I-DATA.
    package var message: UInt32
    /// Payload protocol identifier; nil in later fragments of I-DATA.
    package var protocolIdentifier: UInt32?
    /// Fragment sequence number, for later fragments of I-DATA; 0 in first ones, nil in DATA.
    package var fragment: UInt32?
    package var isUnordered: Bool
    package var isBeginning: Bool
    package var isEnding: Bool
    /// Bytes of user data on the wire.
    package var userBytes: Int

    /// Reads the fixed part; the reader is left at the user data.
    @_lifetime(reader: copy reader)
    package init(_ header: SCTPChunkHeader, decoding reader: inout ByteReader) throws(DecodeError) {
        let isInterleaved = header.type == .interleavedData
        let fixed = isInterleaved ? 16 : 12
        guard header.length >= SCTPChunkHeader.fixedLength + fixed else {
            throw reader.malformed(.sctp, .lengthBelowHeader)
        }
        try reader.require(fixed, in: .sctp)
        isUnordered = header.flags & 4 != 0
        isBeginning = header.flags & 2 != 0
        isEnding = header.flags & 1 != 0
        tsn = reader.uint32()
        stream = reader.uint16()
        let short = reader.uint16()
        if isInterleaved {
            message = reader.uint32()
            let word = reader.uint32()
            protocolIdentifier = isBeginning ? word : nil
            fragment = isBeginning ? 0 : word
        } else {
            message = UInt32(short)
            protocolIdentifier = reader.uint32()
        }
        userBytes = header.length - SCTPChunkHeader.fixedLength - fixed
    }
}

/// INIT and INIT ACK (RFC 9260 sections 3.3.2 and 3.3.3): tag(4) a_rwnd(4) outbound streams(2) inbound streams(2) TSN(4).
package struct SCTPInitiation: Equatable, Sendable, BitwiseCopyable {
    package var tag: UInt32
    package var receiveWindow: UInt32
    package var outboundStreams: UInt16
    package var inboundStreams: UInt16
    package var initialTSN: UInt32

    @_lifetime(reader: copy reader)
    package init(decoding reader: inout ByteReader) throws(DecodeError) {
        try reader.require(16, in: .sctp)
        tag = reader.uint32()
        receiveWindow = reader.uint32()
        outboundStreams = reader.uint16()
        inboundStreams = reader.uint16()
        initialTSN = reader.uint32()
        guard tag != 0, outboundStreams != 0, inboundStreams != 0 else {
            throw reader.malformed(.sctp, .forbiddenValue)
        }
    }
}

/// SACK (RFC 9260 section 3.3.4): cumulative TSN(4) a_rwnd(4) gap blocks(2) duplicates(2), then blocks of start and end
/// offsets from the cumulative TSN, then duplicate TSNs.
package struct SCTPSelectiveAck: Equatable, Sendable, BitwiseCopyable {
    package struct Gap: Equatable, Sendable, BitwiseCopyable {
        package var start: UInt16
        package var end: UInt16
    }

    package var cumulativeTSN: UInt32
    package var receiveWindow: UInt32
    package var gaps: Int
    package var duplicates: Int

    /// Reads the fixed part; the reader is left at the gap blocks.
    @_lifetime(reader: copy reader)
    package init(decoding reader: inout ByteReader) throws(DecodeError) {
        try reader.require(12, in: .sctp)
        cumulativeTSN = reader.uint32()
        receiveWindow = reader.uint32()
        gaps = Int(reader.uint16())
        duplicates = Int(reader.uint16())
    }

    /// The next gap block; nil when there is none or it goes backwards.
    @_lifetime(reader: copy reader)
    package static func nextGap(_ reader: inout ByteReader) -> Gap? {
        guard reader.remaining >= 4 else { return nil }
        let gap = Gap(start: reader.uint16(), end: reader.uint16())
        return gap.start > 0 && gap.start <= gap.end ? gap : nil
    }
}

/// FORWARD TSN (RFC 3758 section 3.2): new cumulative TSN(4), then stream(2) and SSN(2) pairs; I-FORWARD-TSN (RFC 8260
/// section 2.3.1) has stream(2) flags(2) MID(4).
package struct SCTPForwardTSN: Equatable, Sendable, BitwiseCopyable {
    package var cumulativeTSN: UInt32
    /// Streams named as skipped.
    package var streams: Int

    @_lifetime(reader: copy reader)
    package init(_ header: SCTPChunkHeader, decoding reader: inout ByteReader) throws(DecodeError) {
        try reader.require(4, in: .sctp)
        cumulativeTSN = reader.uint32()
        streams = reader.remaining / (header.type == .interleavedForwardTSN ? 8 : 4)
    }
}

/// Outgoing stream reset request in a RE-CONFIG chunk (RFC 6525 section 4.1): parameter 13, length, request(4) response(4)
/// last TSN(4), stream numbers.
package enum SCTPReconfiguration {
    /// Calls `body` for every stream that is reset; an empty list means all and is given as nil.
    @_lifetime(reader: copy reader)
    package static func resets(_ reader: inout ByteReader, _ body: (UInt16?) -> Void) throws(DecodeError) {
        while reader.remaining >= 4 {  // each pass takes four bytes or more
            let type = reader.uint16()
            let length = Int(reader.uint16())
            guard length >= 4 else { throw reader.malformed(.sctp, .lengthBelowHeader) }
            try reader.require(length - 4, in: .sctp)
            var parameter = reader.reader(of: length - 4)
            reader.skip(min(-length & 3, reader.remaining))
            guard type == 13 else { continue }
            try parameter.require(12, in: .sctp)
            parameter.skip(12)
            if parameter.isAtEnd { body(nil) }
            while parameter.remaining >= 2 { body(parameter.uint16()) }
        }
    }
}
