import StreamtopBase
import StreamtopLayer
import StreamtopModel
import StreamtopWire

/// The SIP of one flow (RFC 3261), to the level that names calls: who invited, when it was answered and ended, and what media both
/// ends agreed on.
package struct SIPTracker: LayerState, ~Copyable {
    static let callCapacity = 64
    /// Bytes of a message in a stream that wait for the rest.
    static let waitingCapacity = 131_072

    static let limits = [
        Limit("SIP calls of a flow", callCapacity, per: .flow, policy: "the oldest goes"),
        Limit("bytes of a SIP message in a stream", waitingCapacity, .bytes, per: .direction, policy: "given up"),
    ]

    private struct Call: Sendable {
        var facts: SIPCallSnapshot
        var client: SessionDescription?
        var server: SessionDescription?
    }

    private var calls: [Call] = []
    private var requests = 0
    private var responses = 0
    private var waiting = BothDirections(client: [UInt8](), server: [UInt8]())

    package init() {}

    package var heldBytes: Int { waiting.client.capacity + waiting.server.capacity }

    package mutating func releaseHeldBytes() { waiting = BothDirections(client: [], server: []) }

    /// A datagram, of which the capture may have cut the end.
    package mutating func observe(
        datagram bytes: RawSpan, wireLength: Int, tables: inout MediaTables, _ now: borrowing Observation
    ) {
        guard let message = SIPMessage(bytes) else { return }
        observe(message, bytes, isWhole: bytes.byteCount >= wireLength, &tables, now)
    }

    /// The next bytes of a stream; messages follow each other there (RFC 3261 section 18.3).
    package mutating func observe(
        _ bytes: RawSpan, _ delivery: borrowing Delivery, tables: inout MediaTables, _ now: borrowing Observation
    ) {
        if case .gap = delivery.content {
            waiting[delivery.direction] = []
            return
        }
        guard delivery.range != nil else { return }
        var buffer: [UInt8] = []
        swap(&buffer, &waiting[delivery.direction])
        var reader = ByteReader(bytes)
        reader.append(min(bytes.byteCount, max(0, Self.waitingCapacity - buffer.count)), to: &buffer)
        var start = 0
        while start < buffer.count {  // each pass takes a message, or ends
            // `bytes` of a span is marked unsafe for element types with padding; UInt8 has none.
            let rest = unsafe buffer.span.bytes.extracting(droppingFirst: start)
            // Empty lines between messages keep a connection open (RFC 5626 section 4.4.1).
            if let first = ByteReader(rest).peekUInt8(), first == 13 || first == 10 || first == 0 {
                start += 1
                continue
            }
            guard let message = SIPMessage(rest) else {
                // A first line that is not whole may still become one.
                if !SIPProbe.mayBecomeMessage(rest) { start = buffer.count }
                break
            }
            guard let head = message.headLength, let length = message.contentLength,
                length <= rest.byteCount - head
            else { break }
            observe(message, rest.extracting(first: head + length), isWhole: true, &tables, now)
            start += head + length
        }
        if start > 0 { buffer.removeFirst(start) }
        if buffer.count >= Self.waitingCapacity { buffer = [] }
        swap(&buffer, &waiting[delivery.direction])
    }

    private mutating func observe(
        _ message: SIPMessage, _ bytes: RawSpan, isWhole: Bool, _ tables: inout MediaTables,
        _ now: borrowing Observation
    ) {
        if case .request = message.startLine { requests &+= 1 } else { responses &+= 1 }
        guard let name = message.callID, let method = message.method else { return }
        switch (message.startLine, method) {
        case (.request, "INVITE"):
            if !calls.contains(where: { $0.facts.callID == name }) {
                if calls.count == Self.callCapacity { calls.removeFirst() }
                calls.append(
                    Call(facts: SIPCallSnapshot(callID: name, invited: now.time, from: now.direction)))
            }
        default: break
        }
        guard let position = calls.lastIndex(where: { $0.facts.callID == name }) else { return }
        switch (message.startLine, method) {
        case (.response(let status), "INVITE"):
            calls[position].facts.status = status
            if status >= 180, status < 200 { calls[position].facts.ringing = calls[position].facts.ringing ?? now.time }
            if (200..<300).contains(status) {
                calls[position].facts.answered = calls[position].facts.answered ?? now.time
            }
            // A refusal that asks for credentials is followed by another invitation.
            if status >= 300, status != 401, status != 407 {
                calls[position].facts.ended = calls[position].facts.ended ?? now.time
            }
        case (.request, "BYE"), (.request, "CANCEL"):
            calls[position].facts.ended = calls[position].facts.ended ?? now.time
        default: break
        }
        guard let description = Self.description(in: message, bytes, isWhole: isWhole) else { return }
        take(description, position, from: now.direction, &tables)
    }

    /// The description in the body, or in the first part of one that has parts.
    private static func description(
        in message: SIPMessage, _ bytes: RawSpan, isWhole: Bool
    ) -> SessionDescription? {
        guard message.hasDescription, let head = message.headLength else { return nil }
        var body = bytes.extracting(droppingFirst: head)
        if let length = message.contentLength { body = body.extracting(first: length) }
        if let found = SessionDescription(body, isWhole: isWhole) { return found }
        // RFC 2046 section 5.1: a part begins behind an empty line.
        let reader = ByteReader(body)
        var position = 0
        while let word = reader.peekUInt32(ahead: position), position < preambleLimit {
            if word == 0x0d0a_0d0a, reader.peekUInt16(ahead: position + 4) == 0x763d {
                return SessionDescription(body.extracting(droppingFirst: position + 4), isWhole: isWhole)
            }
            position += 1
        }
        return nil
    }

    /// Fields of parts before a description.
    private static let preambleLimit = 4_096

    private mutating func take(
        _ description: SessionDescription, _ position: Int, from direction: Direction, _ tables: inout MediaTables
    ) {
        let other = direction == .fromClient ? calls[position].server : calls[position].client
        if direction == .fromClient {
            calls[position].client = description
        } else {
            calls[position].server = description
        }
        tables.descriptions.note(description, of: calls[position].facts.callID, other: other)
        calls[position].facts.media[direction] = description.media.map { media in
            SIPMediaSnapshot(
                kind: media.kind, endpoint: media.endpoint, codecs: media.codecs.map(\.name),
                isProtected: media.isProtected, sends: description.isWhole ? media.travel.sends : nil,
                receives: description.isWhole ? media.travel.receives : nil)
        }
    }

    package mutating func exchangeEnds() {
        for index in calls.indices {
            (calls[index].client, calls[index].server) = (calls[index].server, calls[index].client)
            calls[index].facts.from = calls[index].facts.from.reversed
            calls[index].facts.media = BothDirections(
                client: calls[index].facts.media.server, server: calls[index].facts.media.client)
        }
        waiting = BothDirections(client: waiting.server, server: waiting.client)
    }

    package func report(into flow: inout FlowSnapshot, at time: Timestamp) {
        guard requests + responses > 0 else { return }
        flow.protocols.append(ProtocolKind.sip.rawValue)
        var sip = SIPSnapshot()
        sip.requests = requests
        sip.responses = responses
        sip.calls = calls.map(\.facts)
        flow.sip = sip
    }
}
