/// Sender report (RFC 3550 section 6.4.1): SSRC, NTP time, RTP time, packet and octet counts, then report blocks.
package struct RTCPSenderReport: Equatable, Sendable, BitwiseCopyable {
    package var source: UInt32
    /// 64 bits of NTP time: seconds since 1900 and a fraction.
    package var networkTime: UInt64
    package var timestamp: UInt32
    package var packets: UInt32
    package var octets: UInt32

    @_lifetime(reader: copy reader)
    package init(decoding reader: inout ByteReader) throws(DecodeError) {
        try reader.require(24, in: .rtcp)
        source = reader.uint32()
        networkTime = reader.uint64()
        timestamp = reader.uint32()
        packets = reader.uint32()
        octets = reader.uint32()
    }

    /// The middle 32 bits, as a report block's LSR quotes them.
    package var middleTime: UInt32 { UInt32(truncatingIfNeeded: networkTime >> 16) }
}

/// One report block of a sender or receiver report (RFC 3550 section 6.4.1).
package struct RTCPReportBlock: Equatable, Sendable, BitwiseCopyable {
    package static var length: Int { 24 }

    /// The stream that is reported on.
    package var source: UInt32
    /// Share of packets lost since the report before, in 1/256.
    package var fractionLost: UInt8
    /// Signed 24 bits: duplicates can make it negative.
    package var cumulativeLost: Int32
    package var highestSequence: UInt32
    /// In units of the stream's clock.
    package var jitter: UInt32
    /// Middle 32 bits of the last sender report's NTP time; 0 without one.
    package var lastSenderReport: UInt32
    /// Since that report arrived, in 1/65536 s.
    package var delaySinceLast: UInt32

    @_lifetime(reader: copy reader)
    package init(decoding reader: inout ByteReader) throws(DecodeError) {
        try reader.require(Self.length, in: .rtcp)
        source = reader.uint32()
        let word = reader.uint32()
        fractionLost = UInt8(word >> 24)
        cumulativeLost = Int32(bitPattern: word << 8) >> 8
        highestSequence = reader.uint32()
        jitter = reader.uint32()
        lastSenderReport = reader.uint32()
        delaySinceLast = reader.uint32()
    }
}

/// One item of a source description (RFC 3550 section 6.5): the canonical name, which the streams of one endpoint share.
package enum RTCPSourceDescription {
    /// Calls `body` for each CNAME, of 255 bytes at most.
    @_lifetime(reader: copy reader)
    package static func names(
        _ reader: inout ByteReader, chunks: UInt8, _ body: (_ source: UInt32, _ name: [UInt8]) -> Void
    ) throws(DecodeError) {
        for _ in 0..<chunks {
            try reader.require(5, in: .rtcp)
            let start = reader.consumed
            let source = reader.uint32()
            while true {  // each pass takes a byte or more
                try reader.require(1, in: .rtcp)
                let kind = reader.uint8()
                guard kind != 0 else { break }
                try reader.require(1, in: .rtcp)
                let length = Int(reader.uint8())
                try reader.require(length, in: .rtcp)
                if kind == 1 { body(source, reader.copy(length)) } else { reader.skip(length) }
            }
            // Chunks end on a word.
            let over = (reader.consumed - start) % 4
            if over > 0 { reader.skip(min(4 - over, reader.remaining)) }
        }
    }
}
