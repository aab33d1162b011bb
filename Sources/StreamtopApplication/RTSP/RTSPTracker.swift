import StreamtopBase
import StreamtopLayer
import StreamtopModel
import StreamtopWire

/// One RTSP connection, with the packets of RTP and RTCP that it carries between its messages.
package struct RTSPTracker: LayerTracker, ~Copyable {
    private static let methodCapacity = 16
    private static let formatCapacity = 32

    /// What a session description says of a payload type.
    private struct Format: Sendable {
        var rate: UInt32
        var isVideo: Bool
    }

    private var client = RTSPReader()
    private var server = RTSPReader()
    private var start: Timestamp?
    private var methods: [(name: String, count: Int)] = []
    private var transport: String?
    /// Sequence number of the first PLAY or RECORD, and when it was answered.
    private var playSequence: Int?
    private var played: Timestamp?
    private var errors = 0
    private var formats: [UInt8: Format] = [:]
    private var clock = MediaBacklogMeter()
    private var clockSource: UInt32?
    private var isVideoClock = false
    private var timestamps = WrappingClock(bits: 32)

    package init() {}

    package var heldBytes: Int { client.heldBytes + server.heldBytes }

    package mutating func observe(_ bytes: RawSpan, _ delivery: borrowing Delivery, _ now: inout Observation) {
        switch delivery.content {
        case .bytes, .datagram: read(bytes, &now)
        case .gap(let count): if now.direction == .fromClient { client.gap(of: count) } else { server.gap(of: count) }
        case .end, .reset, .stopSending, .restart: break
        }
    }

    private mutating func read(_ bytes: RawSpan, _ now: inout Observation) {
        if start == nil { start = now.time }
        var reader = ByteReader(bytes)
        while let element = now.direction == .fromClient ? client.next(&reader) : server.next(&reader) {
            switch element {  // each moves the reader on
            case .message(let message): take(message, now)
            case .packet(let channel, let count):
                let begin = reader.consumed - count
                observePacket(bytes.extracting(begin..<(begin + count)), channel, at: now.time)
                now.deliver(
                    .datagram(DeliveredRange(.payload, start: begin, count: count)), stream: UInt64(channel))
            case .assembled(let channel):
                let begin = now.deliveries.bytes.count
                var packet: [UInt8] = []
                func keep(_ span: RawSpan) {
                    var whole = ByteReader(span)
                    whole.append(whole.remaining, to: &packet)
                }
                if now.direction == .fromClient { client.takePacket(keep) } else { server.takePacket(keep) }
                // `bytes` of a span is marked unsafe for element types with padding; UInt8 has none.
                observePacket(unsafe packet.span.bytes, channel, at: now.time)
                now.deliveries.bytes += packet
                now.deliver(
                    .datagram(DeliveredRange(.queue, start: begin, count: packet.count)), stream: UInt64(channel))
            case .malformed: if methods.isEmpty { return now.signal(.notThisProtocol) }
            }
        }
    }

    // MARK: Messages

    private mutating func take(_ message: RTSPMessage, _ now: borrowing Observation) {
        if let method = message.method {
            count(method)
            if method == "PLAY" || method == "RECORD", playSequence == nil { playSequence = message.sequence }
            if method == "ANNOUNCE" { takeDescription(message.body) }
            return
        }
        guard let status = message.status else { return }
        if status >= 400 { errors += 1 }
        if let field = message.transport { transport = Self.kind(of: field) ?? transport }
        if message.contentType?.lowercased().hasPrefix("application/sdp") ?? false { takeDescription(message.body) }
        if played == nil, let playSequence, message.sequence == playSequence, (200..<300).contains(status) {
            played = now.time
        }
    }

    private mutating func count(_ method: String) {
        if let index = methods.firstIndex(where: { $0.name == method }) {
            methods[index].count += 1
        } else if methods.count < Self.methodCapacity {
            methods.append((method, 1))
        }
    }

    /// `RTP/AVP/TCP;…;interleaved=0-1`, `RTP/AVP;…;client_port=…` (RFC 2326 section 12.39).
    private static func kind(of transport: String) -> String? {
        let text = transport.lowercased()
        if text.contains("interleaved=") || text.hasPrefix("rtp/avp/tcp") || text.hasPrefix("rtp/savp/tcp") {
            return "interleaved"
        }
        return text.hasPrefix("rtp/") || text.hasPrefix("mp2t/") || text.hasPrefix("raw/") ? "udp" : nil
    }

    /// Clock rates by payload type (RFC 8866 section 6.6).
    private mutating func takeDescription(_ body: [UInt8]) {
        var isVideo = false
        for line in String(decoding: body, as: UTF8.self).split(whereSeparator: \.isNewline).prefix(512) {
            if line.hasPrefix("m=") { isVideo = line.hasPrefix("m=video") }
            guard line.hasPrefix("a=rtpmap:") else { continue }
            let parts = line.dropFirst(9).split(separator: " ", maxSplits: 1)
            let encoding = parts.count == 2 ? parts[1].split(separator: "/") : []
            guard let type = parts.first.flatMap({ UInt8($0) }), encoding.count >= 2, let rate = UInt32(encoding[1]),
                rate > 0, formats.count < Self.formatCapacity
            else { continue }
            formats[type] = Format(rate: rate, isVideo: isVideo)
        }
    }

    // MARK: Media

    /// The media clock follows video, or the first stream where none is described.
    private mutating func observePacket(_ packet: RawSpan, _ channel: UInt8, at time: Timestamp) {
        guard channel & 1 == 0 else { return }
        var reader = ByteReader(packet)
        guard let header = try? RTPHeader(decoding: &reader) else { return }
        // Static types (RFC 3551 section 6): video and transport streams have 90 kHz.
        let assigned: Format? =
            switch header.payloadType {
            case 25, 26, 28, 31, 32, 33, 34: Format(rate: 90_000, isVideo: true)
            case 0, 3...5, 7...9, 12, 13, 15, 18: Format(rate: 8_000, isVideo: false)
            default: nil
            }
        guard let format = formats[header.payloadType] ?? assigned else { return }
        if format.isVideo, !isVideoClock {
            isVideoClock = true
            clockSource = header.source
            clock = MediaBacklogMeter()
            timestamps = WrappingClock(bits: 32)
        }
        clockSource = clockSource ?? header.source
        guard clockSource == header.source else { return }
        let media = MediaTime(value: timestamps.extend(UInt64(header.timestamp)), timescale: format.rate)
        if let stamp = media.nanoseconds { clock.observe(stamp, at: time) }
    }

    package mutating func exchangeEnds() { swap(&client, &server) }

    package func report(into flow: inout FlowSnapshot, at time: Timestamp) {
        flow.protocols.append(ProtocolKind.rtsp.rawValue)
        var snapshot = RTSPSnapshot()
        snapshot.methods = methods.map { NamedCount(name: $0.name, count: $0.count) }
        snapshot.transport = transport
        let from = flow.roundTrip.handshake == nil ? start : flow.start
        if let played, let from { snapshot.setup = played - from }
        snapshot.errors = errors
        snapshot.mediaClock = clock.snapshot
        flow.rtsp = snapshot
    }
}
