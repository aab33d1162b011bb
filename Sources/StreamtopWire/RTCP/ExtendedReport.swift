/// One block of an extended report (RFC 3611 section 3): type(1) type-specific(1) length in words(2), then its content.
package struct RTCPExtendedBlock: Equatable, Sendable {
    /// What we read of a block.
    package enum Content: Equatable, Sendable {
        /// Receiver reference time (section 4.4): NTP time of one who sends no media.
        case receiverTime(UInt64)
        /// Delay since the last receiver reference time (section 4.5): the answer to it.
        case lastReceiverReports([LastReceiverReport])
        case statistics(StatisticsSummary)
        case voice(VoiceMetrics)
        /// A type that is only counted.
        case other
    }

    /// Block types: 1 loss RLE, 2 duplicate RLE, 3 packet receipt times, 4 receiver reference time, 5 DLRR, 6 statistics
    /// summary, 7 VoIP metrics (RFC 3611), 13 ECN summary (RFC 6679 section 5.2).
    package var type: UInt8
    package var content: Content

    /// nil at the end of the report.
    ///
    /// - Throws: `.truncated` when the block is cut.
    @_lifetime(reader: copy reader)
    package static func next(_ reader: inout ByteReader) throws(DecodeError) -> RTCPExtendedBlock? {
        guard reader.remaining > 0 else { return nil }
        try reader.require(4, in: .rtcp)
        let type = reader.uint8()
        let specific = reader.uint8()
        let length = Int(reader.uint16()) * 4
        try reader.require(length, in: .rtcp)
        var body = reader.reader(of: length)
        return RTCPExtendedBlock(type: type, content: content(type, specific, &body))
    }

    @_lifetime(body: copy body)
    private static func content(_ type: UInt8, _ specific: UInt8, _ body: inout ByteReader) -> Content {
        switch type {
        case 4 where body.remaining >= 8: return .receiverTime(body.uint64())
        case 5:
            var list: [LastReceiverReport] = []
            while body.remaining >= 12, list.count < LastReceiverReport.capacity {  // each pass takes twelve bytes
                list.append(
                    LastReceiverReport(source: body.uint32(), lastReport: body.uint32(), delay: body.uint32()))
            }
            return .lastReceiverReports(list)
        case 6:
            return StatisticsSummary(flags: specific, decoding: &body).map { .statistics($0) } ?? .other
        case 7: return VoiceMetrics(decoding: &body).map { .voice($0) } ?? .other
        default: return .other
        }
    }
}

package struct LastReceiverReport: Equatable, Sendable, BitwiseCopyable {
    package static var capacity: Int { 32 }
    package var source: UInt32
    /// Middle 32 bits of the receiver reference time.
    package var lastReport: UInt32
    /// In 1/65536 s.
    package var delay: UInt32
}

/// Statistics summary (RFC 3611 section 4.6); each figure is there when its flag is set.
package struct StatisticsSummary: Equatable, Sendable, BitwiseCopyable {
    package var source: UInt32
    package var lost: UInt32?
    package var duplicates: UInt32?
    /// In clock units.
    package var meanJitter: UInt32?

    @_lifetime(reader: copy reader)
    init?(flags: UInt8, decoding reader: inout ByteReader) {
        guard reader.remaining >= 36 else { return nil }
        source = reader.uint32()
        reader.skip(4)
        let (lost, duplicates) = (reader.uint32(), reader.uint32())
        reader.skip(8)
        let jitter = reader.uint32()
        if flags & 0x80 != 0 { self.lost = lost }
        if flags & 0x40 != 0 { self.duplicates = duplicates }
        if flags & 0x20 != 0 { meanJitter = jitter }
    }
}

/// VoIP metrics (RFC 3611 section 4.7): what the receiver itself thinks of the call.
package struct VoiceMetrics: Equatable, Sendable, BitwiseCopyable {
    package var source: UInt32
    /// In 1/256.
    package var lossRate: UInt8
    package var discardRate: UInt8
    package var burstDensity: UInt8
    package var gapDensity: UInt8
    /// Milliseconds.
    package var burstDuration: UInt16
    package var gapDuration: UInt16
    package var roundTripDelay: UInt16
    package var endSystemDelay: UInt16
    /// 127: unavailable.
    package var rFactor: UInt8
    /// MOS × 10; 127: unavailable.
    package var listeningMOS: UInt8
    package var conversationMOS: UInt8
    /// Milliseconds.
    package var jitterBufferNominal: UInt16
    package var jitterBufferMaximum: UInt16

    @_lifetime(reader: copy reader)
    init?(decoding reader: inout ByteReader) {
        guard reader.remaining >= 32 else { return nil }
        source = reader.uint32()
        lossRate = reader.uint8()
        discardRate = reader.uint8()
        burstDensity = reader.uint8()
        gapDensity = reader.uint8()
        burstDuration = reader.uint16()
        gapDuration = reader.uint16()
        roundTripDelay = reader.uint16()
        endSystemDelay = reader.uint16()
        reader.skip(4)  // signal, noise, residual echo return loss, Gmin
        rFactor = reader.uint8()
        reader.skip(1)  // external R factor
        listeningMOS = reader.uint8()
        conversationMOS = reader.uint8()
        reader.skip(2)  // receiver configuration, reserved
        jitterBufferNominal = reader.uint16()
        jitterBufferMaximum = reader.uint16()
    }
}
