import StreamtopBase
import StreamtopModel
import StreamtopTransport
import StreamtopWire

/// A TCP flow written down segment by segment, as it passes a capture point. Times are in milliseconds.
struct TCPScenario: ~Copyable {
    var tracker = TCPFlowTracker(start: Timestamp(nanoseconds: 0))
    var events: [FlowEvent.Kind] = []
    /// Initial sequence numbers.
    var clientStart: UInt32 = 100
    var serverStart: UInt32 = 1000
    /// Window scale of both SYNs; nil leaves the option out.
    var scale: UInt8? = 7
    var sack = true
    var timestamps = false

    /// One segment; sequence and acknowledgment count from the first byte after the SYN.
    struct Segment {
        var sequence: Int = 0
        var length: Int = 0
        var acknowledgment: Int?
        var flags: TCPFlags = []
        var window: UInt16 = 60000
        var sacks: [(Int, Int)] = []
        var stamp: UInt32?
        var echo: UInt32 = 0
        var identification: UInt32?
        var hopLimit: UInt8 = 64
        var ecn: UInt8 = 0
        /// The capture cut the options off behind those named.
        var isCut = false
    }

    mutating func pass(_ direction: Direction, at milliseconds: Double, _ segment: Segment) {
        let own = direction == .fromClient ? clientStart : serverStart
        let other = direction == .fromClient ? serverStart : clientStart
        var frame = DecodedFrame()
        frame.transport = .tcp
        frame.hasNetwork = true
        frame.protocolNumber = 6
        frame.source = IPAddress(v4: 0x0a00_0001)
        frame.hopLimit = segment.hopLimit
        frame.ecn = segment.ecn
        frame.identification = segment.identification
        frame.payloadLength = segment.length
        frame.payloadCaptured = segment.length
        frame.ipLength = 40 + segment.length
        let isSyn = segment.flags.contains(.syn)
        frame.tcp.sequence = own &+ UInt32(truncatingIfNeeded: segment.sequence) &+ (isSyn ? 0 : 1)
        frame.tcp.flags = segment.flags
        if let acknowledgment = segment.acknowledgment {
            frame.tcp.flags.insert(.ack)
            frame.tcp.acknowledgment = other &+ 1 &+ UInt32(truncatingIfNeeded: acknowledgment)
        }
        frame.tcp.window = segment.window
        if isSyn {
            frame.tcp.options.maximumSegmentSize = 1460
            frame.tcp.options.windowScale = scale
            frame.tcp.options.sackPermitted = sack
        }
        frame.tcp.options.isCut = segment.isCut
        if let stamp = segment.stamp ?? (timestamps && isSyn ? 1 : nil) {
            frame.tcp.options.hasTimestamps = true
            frame.tcp.options.timestampValue = stamp
            frame.tcp.options.timestampEcho = segment.echo
        }
        for (index, block) in segment.sacks.enumerated() {
            let pair = SACKBlock(
                start: other &+ 1 &+ UInt32(truncatingIfNeeded: block.0),
                end: other &+ 1 &+ UInt32(truncatingIfNeeded: block.1))
            switch index {
            case 0: frame.tcp.options.sack0 = pair
            case 1: frame.tcp.options.sack1 = pair
            case 2: frame.tcp.options.sack2 = pair
            default: frame.tcp.options.sack3 = pair
            }
            frame.tcp.options.sackCount = UInt8(index + 1)
        }
        let time = Timestamp(nanoseconds: Int64((milliseconds * 1e6).rounded()))
        tracker.observe(frame, direction: direction, at: time, events: &events)
    }

    /// Three-way handshake that begins at `start`; the capture point lies `toServer` and `toClient` round trips away.
    mutating func handshake(at start: Double = 0, toServer: Double, toClient: Double, window: UInt16 = 60000) {
        pass(.fromClient, at: start, Segment(flags: .syn))
        pass(.fromServer, at: start + toServer, Segment(acknowledgment: 0, flags: .syn))
        pass(.fromClient, at: start + toServer + toClient, Segment(acknowledgment: 0, window: window))
    }

    /// Data of the server.
    mutating func data(at time: Double, _ sequence: Int, _ length: Int = 1000, stamp: UInt32? = nil, echo: UInt32 = 0) {
        pass(
            .fromServer, at: time,
            Segment(sequence: sequence, length: length, acknowledgment: 0, stamp: stamp, echo: echo))
    }

    /// Acknowledgment of the client.
    mutating func ack(
        at time: Double, _ acknowledgment: Int, sacks: [(Int, Int)] = [], window: UInt16 = 60000, stamp: UInt32? = nil,
        echo: UInt32 = 0
    ) {
        pass(
            .fromClient, at: time,
            Segment(acknowledgment: acknowledgment, window: window, sacks: sacks, stamp: stamp, echo: echo))
    }

    func report(at time: Double = 100_000) -> TCPReport {
        tracker.report(at: Timestamp(nanoseconds: Int64(time * 1e6)))
    }

    var server: TCPEndpointSnapshot { report().snapshot.server }
}
