/// Congestion control feedback (RFC 8888 section 3.1), behind the sender's SSRC: for each stream
/// `SSRC(4) begin(2) reports(2)` and 16 bits a packet `R(1) ECN(2) arrival offset(13)`, padded to a word; the report's
/// time stamp is the last word.
package enum CongestionControlFeedback {
    package struct Report: Equatable, Sendable, BitwiseCopyable {
        package var isReceived: Bool
        /// As received: 0 Not-ECT, 1 ECT(1), 2 ECT(0), 3 CE.
        package var ecn: UInt8
        /// Units of 1/1024 s before the report's time stamp; nil: over range or unavailable.
        package var arrivalOffset: UInt16?

        package init(_ word: UInt16) {
            isReceived = word & 0x8000 != 0
            ecn = UInt8(word >> 13 & 3)
            let offset = word & 0x1fff
            arrivalOffset = isReceived && offset < 0x1ffe ? offset : nil
        }
    }

    /// Calls `body` for every packet reported on.
    @_lifetime(reader: copy reader)
    package static func read(
        _ reader: inout ByteReader, _ body: (_ source: UInt32, _ sequence: UInt16, _ report: Report) -> Void
    ) throws(DecodeError) {
        while reader.remaining > 4 {  // each pass takes eight bytes or more
            try reader.require(8, in: .rtcp)
            let source = reader.uint32()
            var sequence = reader.uint16()
            let count = Int(reader.uint16())
            try reader.require((count + count & 1) * 2, in: .rtcp)
            for _ in 0..<count {
                body(source, sequence, Report(reader.uint16()))
                sequence &+= 1
            }
            if count & 1 == 1 { reader.skip(2) }
        }
    }
}
