import StreamtopBase
import StreamtopLayer
import StreamtopModel
import StreamtopWire

/// One RTMP connection, read from the ordered bytes of TCP or of what TLS carries.
///
/// The name of the stream is its key: it is read by nobody and kept nowhere.
package struct RTMPTracker: LayerTracker, ~Copyable {
    private var client = RTMPReader()
    private var server = RTMPReader()
    private var start: Timestamp?
    private var handshake: Nanoseconds?
    private var connectTime: Timestamp?
    private var connect: Nanoseconds?
    private var app: String?
    private var role: RTMPSnapshot.Role?
    private var chunkSizes = BothDirections<Int?>(client: nil, server: nil)
    private var windows = BothDirections<UInt32?>(client: nil, server: nil)
    private var media = FLVMeter()
    private var error: String?
    private var hasLostStep = false
    /// Of a connection that was joined behind its handshake; of the one direction that sends media the rest follows.
    private var late: BothDirections<RTMPLateReader>?
    private var isBegun = false
    private var messages: [RTMPMessage] = []

    package init() {}

    package mutating func observe(_ bytes: RawSpan, _ delivery: borrowing Delivery, _ now: inout Observation) {
        switch delivery.content {
        case .bytes, .datagram:
            if !isBegun, RTMPLateReader.canContinue(bytes) {
                late = BothDirections(client: RTMPLateReader(), server: RTMPLateReader())
            }
            isBegun = true
            if late == nil { read(bytes, &now) } else { readLate(bytes, &now) }
        case .gap(let count) where late != nil: late?[now.direction].gap(of: count)
        case .gap(let count):
            let isBridged = now.direction == .fromClient ? client.gap(of: count) : server.gap(of: count)
            if !isBridged { hasLostStep = true }
        case .end, .reset, .stopSending, .restart: break
        }
    }

    private mutating func readLate(_ bytes: RawSpan, _ now: inout Observation) {
        var found: [RTMPMessage] = []
        swap(&found, &messages)
        late?[now.direction].read(bytes, into: &found)
        for message in found { take(message, &now) }
        found.removeAll(keepingCapacity: true)
        swap(&found, &messages)
        if let size = late?[now.direction].chunkSize { chunkSizes[now.direction] = size }
    }

    private mutating func read(_ bytes: RawSpan, _ now: inout Observation) {
        if start == nil { start = now.time }
        var reader = ByteReader(bytes)
        while let element = now.direction == .fromClient ? client.next(&reader) : server.next(&reader) {
            switch element {  // each moves the reader on
            case .handshake(let isOver):
                // The client's second part answers the server's first: one round trip, and the server's time.
                if isOver, now.direction == .fromClient, handshake == nil, let start { handshake = now.time - start }
            case .message(let message): take(message, &now)
            case .malformed:
                if handshake == nil, app == nil { return now.signal(.notThisProtocol) }
                hasLostStep = true
            }
        }
    }

    private mutating func take(_ message: RTMPMessage, _ now: inout Observation) {
        switch message.type {
        case RTMPMessage.Kind.audio, RTMPMessage.Kind.video:
            // Who sends media publishes, where nobody heard what was asked for.
            if late != nil { role = now.direction == .fromClient ? .publish : .play }
            media.observe(
                type: message.type, timestamp: message.timestamp, length: message.length, head: message.head,
                at: now.time)
        case RTMPMessage.Kind.setChunkSize:
            chunkSizes[now.direction] = now.direction == .fromClient ? client.chunkSize : server.chunkSize
        case RTMPMessage.Kind.windowSize:
            var body = ByteReader(unsafe message.head.span.bytes)
            if body.remaining >= 4 { windows[now.direction] = body.uint32() }
        case RTMPMessage.Kind.command: takeCommand(unsafe message.head.span.bytes, now)
        case RTMPMessage.Kind.commandAMF3:
            // A byte that says which AMF, then the same values.
            takeCommand(unsafe message.head.span.bytes.extracting(droppingFirst: 1), now)
        default: break
        }
    }

    private mutating func takeCommand(_ body: RawSpan, _ now: borrowing Observation) {
        let values = AMFValue.list(body)
        guard let name = values.first?.text else { return }
        switch name {
        case "connect":
            connectTime = connectTime ?? now.time
            app = values.lazy.compactMap { $0["app"]?.text }.first.map { String($0.prefix { $0 != "?" }.prefix(128)) }
        case "_result":
            if connect == nil, values.count > 1, values[1].number == 1, let connectTime {
                connect = now.time - connectTime
            }
        case "publish": if now.direction == .fromClient { role = .publish }
        case "play", "play2": if now.direction == .fromClient { role = .play }
        case "_error", "onStatus":
            let status = values.lazy.compactMap { value in value["level"]?.text == "error" ? value["code"]?.text : nil }
            if let code = status.first { error = String(code.prefix(64)) }
        default: break
        }
    }

    package mutating func exchangeEnds() {
        swap(&client, &server)
        if let known = late { late = BothDirections(client: known.server, server: known.client) }
        if let known = role, late != nil { role = known == .publish ? .play : .publish }
        (chunkSizes.client, chunkSizes.server) = (chunkSizes.server, chunkSizes.client)
        (windows.client, windows.server) = (windows.server, windows.client)
    }

    package func report(into flow: inout FlowSnapshot, at time: Timestamp) {
        flow.protocols.append(ProtocolKind.rtmp.rawValue)
        var snapshot = RTMPSnapshot()
        snapshot.role = role
        snapshot.app = app
        snapshot.handshake = handshake
        snapshot.connect = connect
        // Until it says otherwise an end uses 128 bytes (section 5.4.1).
        if handshake != nil {
            snapshot.chunkSize = BothDirections(client: chunkSizes.client ?? 128, server: chunkSizes.server ?? 128)
        } else if late != nil {
            snapshot.chunkSize = chunkSizes
        }
        snapshot.acknowledgementWindow = windows
        snapshot.audio = media.audioSnapshot
        snapshot.video = media.videoSnapshot
        snapshot.keyFrameInterval = media.keyFrameInterval
        snapshot.mediaClock = media.mediaClock
        snapshot.error = error
        snapshot.hasLostStep = hasLostStep
        flow.rtmp = snapshot
    }
}
