import StreamtopBase
import StreamtopLayer
import StreamtopModel
import StreamtopWire

/// The RTCP of one flow: what it counts, the newest reports, and what it says of each stream.
///
/// RTP and RTCP share a flow (RFC 5761) or travel on two ports, and reports of both directions on four: what is said of a
/// stream lies in an `RTCPSourceTable` of the whole engine.
package struct RTCPTracker: ~Copyable {
    package static let reportCapacity = 64
    private static let voiceCapacity = 16

    private var snapshot = RTCPSnapshot()
    private var typeCounts: [RTCPTypeKey: Int] = [:]
    private var marks = BothDirections<RTCPCongestionMarks?>(client: nil, server: nil)
    /// Packets whose content could be read.
    package private(set) var readable: UInt64 = 0
    private var unreadable: UInt64 = 0

    private enum RTCPTypeKey: Hashable {
        case packet(UInt8)
        case feedback(RTCPFeedback.Kind)
        case remb
    }

    private let hosts: HostPair
    /// Application packets named "RIST" passed: the flow is of that protocol (VSF TR-06-1 section 5).
    package private(set) var isRIST = false

    package init(between hosts: HostPair) { self.hosts = hosts }

    package var packets: UInt64 { snapshot.packets }

    /// The first bytes can be RTCP: version 2 and a type of 192 to 223 (RFC 5761 section 4), as far as they go.
    package static func canBegin(_ bytes: RawSpan) -> Bool {
        var reader = ByteReader(bytes)
        // RFC 5761 section 4: on a shared port 192 to 223.
        guard bytes.byteCount >= 8, let type = reader.peekUInt8(ahead: 1), type & 0xe0 == 0xc0 else { return false }
        return (try? RTCPHeader(decoding: &reader)) != nil
    }

    /// A datagram of RTCP, or of SRTCP, whose content is readable only where it was not encrypted, or `opened`. `isProtected`: the ends
    /// agreed on SRTCP.
    package mutating func observe(
        _ packet: RawSpan, wireLength: Int, opened: RawSpan? = nil, isProtected: Bool,
        sources: inout RTCPSourceTable, _ now: borrowing Observation
    ) {
        snapshot.packets &+= 1
        snapshot.bytes &+= UInt64(max(0, wireLength))
        defer { snapshot.isEncrypted = unreadable > readable }
        if let opened {
            readable &+= 1
            return observeClear(opened, now.direction, at: now.time, &sources)
        }
        // Of a packet that the capture cut, only what was agreed on can tell.
        guard packet.byteCount == wireLength || !isProtected else {
            unreadable &+= 1
            return
        }
        var length = packet.byteCount
        // Some ends send RTCP in clear before and after their keys hold, whatever was agreed on: then packets fill the datagram, which
        // encrypted ones with their trailer do by chance once in a million.
        if packet.byteCount == wireLength, !RTCPPackets.fill(packet) {
            guard let clear = SecureRTCPTrailer.clearLength(of: packet) else {
                unreadable &+= 1
                return
            }
            length = clear
        }
        readable &+= 1
        observeClear(packet.extracting(0..<length), now.direction, at: now.time, &sources)
    }

    private mutating func observeClear(
        _ content: RawSpan, _ direction: Direction, at time: Timestamp, _ sources: inout RTCPSourceTable
    ) {
        var packets = RTCPPackets(content)
        var body = ByteReader(content)
        var isFirst = true
        while let header = packets.next(body: &body) {
            if isFirst, header.type != .senderReport, header.type != .receiverReport { snapshot.hasReducedSize = true }
            isFirst = false
            observe(header, &body, direction, at: time, &sources)
        }
    }

    @_lifetime(body: copy body)
    private mutating func observe(
        _ header: RTCPHeader, _ body: inout ByteReader, _ direction: Direction, at time: Timestamp,
        _ sources: inout RTCPSourceTable
    ) {
        switch header.type {
        case .transportFeedback, .payloadFeedback: observeFeedback(header, &body, direction, at: time, &sources)
        default:
            typeCounts[.packet(header.type.rawValue), default: 0] += 1
            switch header.type {
            case .senderReport: observeSenderReport(header, &body, direction, at: time, &sources)
            case .receiverReport:
                guard body.remaining >= 4 else { return }
                body.skip(4)
                observeBlocks(header.count, &body, direction, at: time, &sources)
            case .sourceDescription:
                var names: [(UInt32, [UInt8])] = []
                try? RTCPSourceDescription.names(&body, chunks: header.count) { names.append(($0, $1)) }
                for (source, name) in names {
                    sources.entry(source, between: hosts).canonicalName = String(decoding: name, as: UTF8.self)
                }
            case .extendedReport: observeExtended(&body, direction, at: time)
            case .application:
                body.skip(4)
                if body.peekUInt32() == 0x5249_5354 { isRIST = true }
            default: break
            }
        }
    }

    @_lifetime(body: copy body)
    private mutating func observeSenderReport(
        _ header: RTCPHeader, _ body: inout ByteReader, _ direction: Direction, at time: Timestamp,
        _ sources: inout RTCPSourceTable
    ) {
        guard let report = try? RTCPSenderReport(decoding: &body) else { return }
        sources.entry(report.source, between: hosts).note(report, at: time)
        observeBlocks(header.count, &body, direction, at: time, &sources)
    }

    @_lifetime(body: copy body)
    private mutating func observeBlocks(
        _ count: UInt8, _ body: inout ByteReader, _ direction: Direction, at time: Timestamp,
        _ sources: inout RTCPSourceTable
    ) {
        for _ in 0..<count {
            guard let block = try? RTCPReportBlock(decoding: &body) else { return }
            var row = RTCPReportRow(
                time: time, from: direction, source: block.source, fractionLost: Double(block.fractionLost) / 256,
                lost: Int(block.cumulativeLost), jitterUnits: block.jitter)
            let trip = sources.entry(block.source, between: hosts).roundTrip(of: block, at: time)
            row.roundTrip = trip
            if snapshot.reports.count == Self.reportCapacity { snapshot.reports.removeFirst() }
            snapshot.reports.append(row)
        }
    }

    @_lifetime(body: copy body)
    private mutating func observeFeedback(
        _ header: RTCPHeader, _ body: inout ByteReader, _ direction: Direction, at time: Timestamp,
        _ sources: inout RTCPSourceTable
    ) {
        guard let feedback = try? RTCPFeedback(header, decoding: &body) else {
            typeCounts[.packet(header.type.rawValue), default: 0] += 1
            return
        }
        var key = RTCPTypeKey.feedback(feedback.kind)
        switch feedback.kind {
        case .nack:
            let source = sources.entry(feedback.media, between: hosts)
            source.nacks &+= 1
            while let nack = RTCPNackEntry(next: &body) { nack.visit { source.noteAsked($0, at: time) } }
        case .pictureLoss: sources.entry(feedback.media, between: hosts).pictureLoss &+= 1
        case .fullIntraRequest:
            var named: [UInt32] = []
            while let request = RTCPIntraRequest(next: &body), named.count < 32 {
                if !named.contains(request.media) { named.append(request.media) }
            }
            for source in named { sources.entry(source, between: hosts).intraRequests &+= 1 }
        case .application:
            if let estimate = RTCPReceiverEstimate(decoding: &body) {
                key = .remb
                for _ in 0..<min(estimate.streams, 32) {
                    sources.entry(body.uint32(), between: hosts).estimate = estimate.bitsPerSecond
                }
            }
        case .congestionControl:
            var found = marks[direction] ?? RTCPCongestionMarks(from: direction, source: .rfc8888)
            try? CongestionControlFeedback.read(&body) { _, _, report in
                guard report.isReceived else { return }
                switch report.ecn {
                case 1: found.ect1 &+= 1
                case 2: found.ect0 &+= 1
                case 3: found.ce &+= 1
                default: break
                }
            }
            marks[direction] = found
        default: break
        }
        typeCounts[key, default: 0] += 1
    }

    @_lifetime(body: copy body)
    private mutating func observeExtended(
        _ body: inout ByteReader, _ direction: Direction, at time: Timestamp
    ) {
        guard body.remaining >= 4 else { return }
        body.skip(4)
        while let block = try? RTCPExtendedBlock.next(&body) {
            guard case .voice(let voice) = block.content else { continue }
            var row = VoiceMetricsRow(
                time: time, from: direction, source: voice.source, lossRatio: Double(voice.lossRate) / 256,
                discardRatio: Double(voice.discardRate) / 256)
            if voice.rFactor != 127 { row.rFactor = Int(voice.rFactor) }
            if voice.conversationMOS != 127 { row.mos = Double(voice.conversationMOS) / 10 }
            if voice.roundTripDelay > 0 { row.roundTrip = .milliseconds(Int64(voice.roundTripDelay)) }
            if voice.jitterBufferNominal > 0 { row.jitterBuffer = .milliseconds(Int64(voice.jitterBufferNominal)) }
            if snapshot.voice.count == Self.voiceCapacity { snapshot.voice.removeFirst() }
            snapshot.voice.append(row)
        }
    }

    package mutating func exchangeEnds() {
        for index in snapshot.reports.indices { snapshot.reports[index].from = snapshot.reports[index].from.reversed }
        for index in snapshot.voice.indices { snapshot.voice[index].from = snapshot.voice[index].from.reversed }
        marks = BothDirections(client: marks.server, server: marks.client)
        marks.client?.from = .fromClient
        marks.server?.from = .fromServer
    }

    /// `clockRate` gives the clock of a stream, to tell its jitter in time.
    package func report(clockRate: (UInt32) -> Int?) -> RTCPSnapshot {
        var result = snapshot
        result.types = typeCounts.map { RTCPTypeCount(name: Self.name(of: $0.key), count: $0.value) }
            .sorted { $0.name < $1.name }
        result.ecn = [marks.client, marks.server].compactMap { $0 }
        for index in result.reports.indices {
            guard let rate = clockRate(result.reports[index].source), rate > 0 else { continue }
            let units = Double(result.reports[index].jitterUnits)
            result.reports[index].jitter = Nanoseconds(units * 1e9 / Double(rate))
        }
        return result
    }

    private static func name(of key: RTCPTypeKey) -> String {
        switch key {
        case .remb: "remb"
        case .feedback(let kind): kind.rawValue
        case .packet(200): "sr"
        case .packet(201): "rr"
        case .packet(202): "sdes"
        case .packet(203): "bye"
        case .packet(204): "app"
        case .packet(205): "rtpfb"
        case .packet(206): "psfb"
        case .packet(207): "xr"
        case .packet(let type): "type_\(type)"
        }
    }
}
