import StreamtopBase
import StreamtopLayer
import StreamtopModel
import StreamtopTransport
import StreamtopWire

/// The bytes of TCP flows that somebody may read: from segments to ordered streams, and up.
extension FlowEngine {
    /// A TCP segment of the flow at `position`, which has layers or may get some.
    mutating func observeStream(
        _ frame: borrowing DecodedFrame, _ position: UInt32, bytes: RawSpan, direction: Direction, at time: Timestamp
    ) {
        let flags = frame.tcp.flags
        let captured = min(frame.payloadCaptured, bytes.byteCount - frame.payloadOffset)
        // What a RST carries says why, to people (RFC 9293 section 3.5.2): it is none of the stream.
        let layers = flows[position].layers
        guard frame.payloadLength > 0, !flags.isRst, captured >= 0 || layers != FlowEntry.none else {
            if flags.isFin || flags.isRst { endStream(frame, position, direction, at: time) }
            acknowledge(frame, position, direction: direction, at: time)
            return conclude(position, at: time)
        }
        let start = min(frame.payloadOffset, bytes.byteCount)
        let payload = bytes.extracting(start..<(start + max(0, captured)))
        let sequence = frame.tcp.sequence &+ (flags.isSyn ? 1 : 0)
        if layers == FlowEntry.none {
            guard opensStream(frame, position, payload, sequence: sequence, direction: direction, at: time) else {
                return
            }
        }
        // The direction may have been found wrong while the stream was opened.
        let from = flows[position].direction(from: frame.sourceEndpoint)
        let stream = trackers.stacks[flows[position].layers][0].index
        trackers.tcpStreams[stream].offer(
            payload, sequence: sequence, length: frame.payloadLength, from: from, at: time)
        if flags.isFin {
            trackers.tcpStreams[stream].end(at: sequence &+ UInt32(truncatingIfNeeded: frame.payloadLength), from: from)
        }
        deliver(position, payload, from, at: time)
        acknowledge(frame, position, direction: flows[position].direction(from: frame.sourceEndpoint), at: time)
        conclude(position, at: time)
    }

    /// A segment without payload ends its direction.
    private mutating func endStream(
        _ frame: borrowing DecodedFrame, _ position: UInt32, _ direction: Direction, at time: Timestamp
    ) {
        guard flows[position].layers != FlowEntry.none else { return }
        if frame.tcp.flags.isRst {
            observation.begin(from: direction, at: time)
            observation.deliver(.reset(code: 0))
            return climb(position, from: 0, payload: RawSpan())
        }
        let stream = trackers.stacks[flows[position].layers][0].index
        trackers.tcpStreams[stream].end(at: frame.tcp.sequence, from: direction)
        deliver(position, RawSpan(), direction, at: time)
    }

    /// The segment acknowledges the other direction's bytes: holes below that will not be filled.
    private mutating func acknowledge(
        _ frame: borrowing DecodedFrame, _ position: UInt32, direction: Direction, at time: Timestamp
    ) {
        guard flows[position].layers != FlowEntry.none, frame.tcp.flags.isAck, !frame.tcp.flags.isRst else { return }
        let stream = trackers.stacks[flows[position].layers][0].index
        if trackers.tcpStreams[stream].acknowledge(frame.tcp.acknowledgment, from: direction) {
            deliver(position, RawSpan(), direction.reversed, at: time)
        }
    }

    /// Hands up what has come in order.
    private mutating func deliver(_ position: UInt32, _ payload: RawSpan, _ direction: Direction, at time: Timestamp) {
        observation.begin(from: direction, at: time)
        observation.roundTrip = trackers.tcp[flows[position].tcp].roundTrip
        observation.hopLimit = 0
        let stream = trackers.stacks[flows[position].layers][0].index
        trackers.tcpStreams[stream].deliver(&observation)
        climb(position, from: 0, payload: payload)
    }

    /// Whether the segment begins a stream that somebody may read; if so the stream is there afterwards.
    private mutating func opensStream(
        _ frame: borrowing DecodedFrame, _ position: UInt32, _ payload: RawSpan, sequence: UInt32,
        direction: Direction, at time: Timestamp
    ) -> Bool {
        let (answer, isFirst) = flows[position].examine(payload)
        if !isFirst, case .nothing = answer { return false }
        // The stream's first segment may come later than this one.
        var begin = isFirst ? trackers.tcp[flows[position].tcp].streamStart(direction) : nil
        if let known = begin, !sequence.isAfter(known) || sequence.distance(after: known) >= 65_536 { begin = nil }
        switch answer {
        case .over: return false
        case .nothing:
            // Where payloads are not captured there is nothing to put in order.
            guard let begin, payload.byteCount > 0 else { return false }
            makeStream(frame, position, direction, start: begin)
        case .candidate(let found):
            if found.isClient == true, direction == .fromServer, flows[position].orientation != .syn {
                clientIs(direction, position)
                makeStream(frame, position, .fromClient, start: sequence)
            } else {
                makeStream(frame, position, direction, start: begin ?? sequence)
            }
        }
        return true
    }

    private mutating func makeStream(
        _ frame: borrowing DecodedFrame, _ position: UInt32, _ direction: Direction, start: UInt32
    ) {
        let other = frame.tcp.flags.isAck ? frame.tcp.acknowledgment : nil
        let stream = trackers.tcpStreams.insert(TCPStreams(from: direction, start: start, other: other))
        flows[position].layers = trackers.stacks.insert(LayerStack(.tcp, index: stream))
    }
}
