import StreamtopTestSupport
import Testing

@testable import StreamtopWire

@Suite struct RTCPTests {
    static let compound = [UInt8](
        hex: """
            81c8000c 00000001 b44db705 20000000 00000400 00000010 00000640
                     00000002 40fffffe 00010064 00000021 b7052000 00054000
            81ca0003 00000001 01036162 63000000
            81cb0001 00000001
            """)

    /// All decoders over all packets of `bytes`, as a tap calls them.
    static func read(_ bytes: [UInt8]) -> [UInt8] {
        var packets = unsafe RTCPPackets(bytes.span.bytes)
        var body = unsafe ByteReader(bytes.span.bytes)
        var types: [UInt8] = []
        while let header = packets.next(body: &body) {
            types.append(header.type.rawValue)
            switch header.type {
            case .senderReport:
                _ = try? RTCPSenderReport(decoding: &body)
                while (try? RTCPReportBlock(decoding: &body)) != nil {}
            case .sourceDescription:
                try? RTCPSourceDescription.names(&body, chunks: header.count) { _, _ in }
            case .transportFeedback, .payloadFeedback:
                guard let feedback = try? RTCPFeedback(header, decoding: &body) else { continue }
                switch feedback.kind {
                case .nack: while RTCPNackEntry(next: &body) != nil {}
                case .fullIntraRequest: while RTCPIntraRequest(next: &body) != nil {}
                case .application: _ = RTCPReceiverEstimate(decoding: &body)
                case .congestionControl: try? CongestionControlFeedback.read(&body) { _, _, _ in }
                default: break
                }
            case .extendedReport:
                body.skip(4)
                while (try? RTCPExtendedBlock.next(&body)) != nil {}
            default: break
            }
        }
        return types
    }

    @Test("RFC 3550 section 6: a compound of sender report, source description and goodbye")
    func compound() throws {
        #expect(Self.read(Self.compound) == [200, 202, 203])
        #expect(unsafe RTCPPackets.fill(Self.compound.span.bytes))
        var packets = unsafe RTCPPackets(Self.compound.span.bytes)
        var body = unsafe ByteReader(Self.compound.span.bytes)
        _ = packets.next(body: &body)
        let report = try RTCPSenderReport(decoding: &body)
        #expect(
            report.source == 1 && report.middleTime == 0xb705_2000 && report.packets == 16 && report.octets == 1_600)
        let block = try RTCPReportBlock(decoding: &body)
        #expect(block.source == 2 && block.fractionLost == 0x40 && block.cumulativeLost == -2, "signed 24 bits")
        #expect(block.lastSenderReport == 0xb705_2000 && block.delaySinceLast == 0x5_4000)
        let header = packets.next(body: &body)
        var names: [[UInt8]] = []
        try RTCPSourceDescription.names(&body, chunks: header?.count ?? 0) { _, name in names.append(name) }
        #expect(names == [Array("abc".utf8)])
    }

    @Test("Cut at every byte, the packets before the cut are read and nothing traps")
    func cut() {
        for length in 0..<Self.compound.count {
            let cut = Array(Self.compound.prefix(length))
            #expect(Self.read(cut).count <= 3)
            // A cut between two packets leaves a whole, shorter compound.
            #expect(unsafe RTCPPackets.fill(cut.span.bytes) == [52, 68].contains(length), "\(length)")
        }
    }

    @Test("Padding belongs to no packet; a count that does not fit ends the walk")
    func padding() {
        #expect(Self.read([UInt8](hex: "a0c90002 00000001 00000004")) == [201])
        #expect(Self.read([UInt8](hex: "a0c90002 00000001 000000ff")).isEmpty)
        #expect(Self.read([UInt8](hex: "a0c90001 00000000")).isEmpty)
    }

    @Test("RFC 4585 section 6.2.1: PID 100, BLP 5 asks for 100, 101 and 103")
    func nack() {
        let bytes = [UInt8](hex: "00640005 ffff0001")
        var reader = unsafe ByteReader(bytes.span.bytes)
        var asked: [UInt16] = []
        while let entry = RTCPNackEntry(next: &reader) { entry.visit { asked.append($0) } }
        #expect(asked == [100, 101, 103, 0xffff, 0])
    }

    @Test("REMB: mantissa 0x3ffff, exponent 3 is 2,097,144 b/s; a wild exponent is no limit")
    func estimate() {
        func value(_ hex: String) -> UInt64? {
            let bytes = [UInt8](hex: hex)
            var reader = unsafe ByteReader(bytes.span.bytes)
            return RTCPReceiverEstimate(decoding: &reader)?.bitsPerSecond
        }
        #expect(value("52454d42 010fffff 00000001") == 2_097_144)
        #expect(value("52454d42 01ffffff 00000001") == .max)
        #expect(value("52454d42 02000001 00000001") == nil, "names more streams than there are")
        #expect(value("41424344 010fffff 00000001") == nil)
    }

    @Test("RFC 8888: 0xE200 is CE, half a second before the stamp; 0x9FFF has no time")
    func congestionControl() throws {
        let half = CongestionControlFeedback.Report(0xe200)
        #expect(half.isReceived && half.ecn == 3 && half.arrivalOffset == 512)
        let late = CongestionControlFeedback.Report(0x9fff)
        #expect(late.isReceived && late.ecn == 0 && late.arrivalOffset == nil)
        let bytes = [UInt8](hex: "00000009 0005 0003 e200 0000 9fff 0000 00000009 0008 0001 8001 0000 12345678")
        var reader = unsafe ByteReader(bytes.span.bytes)
        var found: [UInt16] = []
        try CongestionControlFeedback.read(&reader) { _, sequence, report in
            if report.isReceived { found.append(sequence) }
        }
        #expect(found == [5, 7, 8] && reader.remaining == 4)
    }

    @Test("RFC 3611: reference time, DLRR, statistics, VoIP metrics; unknown blocks are skipped by their length")
    func extended() throws {
        let bytes = [UInt8](
            hex: """
                04000002 0000000100000002 05000003 00000003 00010000 00008000 63000001 ffffffff
                06e00009 00000005 00010002 00000007 00000001 00000000 00000000 00000011 00000000 00000000
                07000008 00000006 10200000 00000000 00640020 00000000 5c7f2928 00000028 00500000
                """)
        var reader = unsafe ByteReader(bytes.span.bytes)
        var found: [RTCPExtendedBlock] = []
        while let block = try RTCPExtendedBlock.next(&reader) { found.append(block) }
        #expect(found.map(\.type) == [4, 5, 0x63, 6, 7])
        #expect(found[0].content == .receiverTime(0x1_0000_0002))
        #expect(found[1].content == .lastReceiverReports([.init(source: 3, lastReport: 0x10000, delay: 0x8000)]))
        guard case .statistics(let statistics) = found[3].content, case .voice(let voice) = found[4].content else {
            Issue.record("no statistics or no voice metrics")
            return
        }
        #expect(statistics.lost == 7 && statistics.duplicates == 1 && statistics.meanJitter == 17)
        #expect(voice.lossRate == 0x10 && voice.roundTripDelay == 100 && voice.endSystemDelay == 32)
        #expect(voice.rFactor == 0x5c && voice.listeningMOS == 41 && voice.jitterBufferNominal == 40)
    }

    @Test("SRTCP that is authenticated only is read; an encrypted one is not, nor chance bytes")
    func secure() {
        let tag = [UInt8](repeating: 0x5a, count: 10)
        let clear = Self.compound + [UInt8](hex: "00000007") + tag
        #expect(unsafe SecureRTCPTrailer.clearLength(of: clear.span.bytes) == Self.compound.count)
        let sealed = Self.compound + [UInt8](hex: "80000007") + tag
        #expect(unsafe SecureRTCPTrailer.clearLength(of: sealed.span.bytes) == nil)
        #expect(unsafe SecureRTCPTrailer(sealed.span.bytes, tagLength: 10)?.index == 7)
        #expect(unsafe SecureRTCPTrailer(Array(sealed.prefix(16)).span.bytes, tagLength: 10) == nil)
    }

    @Test("No byte sequence traps the decoders")
    func hostile() {
        var random = SeededRandom(seed: 11)
        for _ in 0..<6_000 {
            var bytes = Self.compound
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            bytes[1] = UInt8.random(in: 200...207, using: &random)
            bytes[0] = 0x80 | UInt8.random(in: 0...31, using: &random)
            #expect(Self.read(bytes).count <= bytes.count / 4)
        }
    }
}
