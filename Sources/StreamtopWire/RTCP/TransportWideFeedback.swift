/// Transport-wide feedback (draft-holmer-rmcat-transport-wide-cc-extensions section 3.1), behind the two SSRCs:
///
///     base sequence(2) status count(2) reference time(3, signed, 64 ms) feedback count(1)
///     chunks of two bytes: T(1)=0 symbol(2) run length(13) | T=1 S(1) symbols (14 of one bit, or 7 of two)
///     deltas of 250 µs: one byte for a small one, two signed bytes for a large or negative one
package struct TransportWideFeedback: Equatable, Sendable {
    package struct Arrival: Equatable, Sendable, BitwiseCopyable {
        package var sequence: UInt16
        /// In units of 250 µs since the receiver's clock began, modulo 2^30 (24 bits of 64 ms); nil: not received.
        package var time: Int64?
    }

    /// Packets of one feedback that we read; a sender asks for a few hundred at most.
    package static var capacity: Int { 2_048 }

    package var base: UInt16
    package var count: UInt8
    /// In units of 64 ms, signed.
    package var referenceTime: Int32
    package private(set) var arrivals: [Arrival] = []
    package private(set) var received = 0

    /// Reads the rest of a feedback packet.
    ///
    /// - Throws: `.truncated` when statuses or deltas are missing. The reserved symbol 3 says nothing of its packet: it is
    ///   left out.
    @_lifetime(reader: copy reader)
    package init(decoding reader: inout ByteReader) throws(DecodeError) {
        try reader.require(8, in: .rtcp)
        base = reader.uint16()
        let total = Int(reader.uint16())
        referenceTime = Int32(bitPattern: reader.uint24() << 8) >> 8
        count = reader.uint8()
        guard total <= Self.capacity else { throw reader.unsupported(.rtcp, UInt32(total)) }
        var symbols: [UInt8] = []
        while symbols.count < total {  // each turn takes two bytes
            try reader.require(2, in: .rtcp)
            let chunk = reader.uint16()
            if chunk & 0x8000 == 0 {
                let run = min(Int(chunk & 0x1fff), total - symbols.count)
                guard run > 0 else { throw reader.malformed(.rtcp, .forbiddenValue) }
                symbols.append(contentsOf: repeatElement(UInt8(chunk >> 13 & 3), count: run))
            } else if chunk & 0x4000 == 0 {
                for bit in (0..<14).reversed() where symbols.count < total {
                    symbols.append(UInt8(chunk >> UInt16(bit) & 1))
                }
            } else {
                for pair in (0..<7).reversed() where symbols.count < total {
                    symbols.append(UInt8(chunk >> UInt16(pair * 2) & 3))
                }
            }
        }
        // 24 bits x 256 units, and at most 2,048 deltas of 16 bits: far below 2^63.
        var time = Int64(referenceTime) * 256
        var sequence = base
        for symbol in symbols {
            switch symbol {
            case 1:
                try reader.require(1, in: .rtcp)
                time += Int64(reader.uint8())
                arrivals.append(Arrival(sequence: sequence, time: time))
                received += 1
            case 2:
                try reader.require(2, in: .rtcp)
                time += Int64(Int16(bitPattern: reader.uint16()))
                arrivals.append(Arrival(sequence: sequence, time: time))
                received += 1
            case 0: arrivals.append(Arrival(sequence: sequence, time: nil))
            default: break
            }
            sequence &+= 1
        }
    }
}

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
        while reader.remaining > 4 {  // each turn takes eight bytes or more
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
