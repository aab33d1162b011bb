import StreamtopBase
import StreamtopLayer
import StreamtopModel
import StreamtopWire

/// Control, QPACK and push streams (RFC 9114 section 6.2, RFC 9204 section 4.2).
extension HTTP3ConnectionTracker {
    mutating func observeUnidirectional(
        _ bytes: RawSpan, _ stream: UInt64, _ direction: Direction, at time: Timestamp,
        _ now: inout Observation
    ) {
        guard let index = unidirectionalIndex(stream, direction) else { return }
        var reader = ByteReader(bytes)
        if streams(direction)[index].type == nil {
            guard let type = nextType(index, direction, &reader) else { return }
            endpoints[direction.index].overheadBytes &+= UInt64(type.length)
            if type.kind == .control {
                if endpoints[direction.index].hasControlStream { violations += 1 }
                endpoints[direction.index].hasControlStream = true
            }
        }
        if case .other(WebTransportSessions.unidirectionalType) = streams(direction)[index].type, !webTransport.isEmpty
        {
            return readSession(index, direction, &reader, at: time)
        }
        let rest = reader.restSpan
        switch streams(direction)[index].type {
        case .control: readControl(index, direction, rest, &now)
        case .push:
            if direction == .fromServer { readPush(stream, rest, at: time, &now) } else { violations += 1 }
        case .qpackEncoder:
            countQPACK(rest, direction)
            var decoded: [HTTP3FieldDecoder.Decoded] = []
            if direction == .fromClient {
                clientFields.readEncoderStream(rest, &decoded)
            } else {
                serverFields.readEncoderStream(rest, &decoded)
            }
            take(decoded, direction, &now)
        case .qpackDecoder: countQPACK(rest, direction)
        case .other, nil: endpoints[direction.index].overheadBytes &+= UInt64(rest.byteCount)
        }
    }

    /// A stream of a WebTransport session names it behind its type.
    @_lifetime(reader: copy reader)
    private mutating func readSession(
        _ index: Int, _ direction: Direction, _ reader: inout ByteReader, at time: Timestamp
    ) {
        var integer = streams(direction)[index].typeInteger
        let session = integer.next(&reader)
        update(index, direction) { $0.typeInteger = integer }
        guard let session else { return }
        let stream = streams(direction)[index].identifier
        if direction == .fromClient { clientStreams.remove(at: index) } else { serverStreams.remove(at: index) }
        webTransport.join(stream, to: session.number, by: direction)
        webTransport.take(reader.restSpan, stream, direction, at: time)
    }

    private func streams(_ direction: Direction) -> [HTTP3UnidirectionalStream] {
        direction == .fromClient ? clientStreams : serverStreams
    }

    private mutating func update<Result>(
        _ index: Int, _ direction: Direction, _ body: (inout HTTP3UnidirectionalStream) -> Result
    ) -> Result {
        direction == .fromClient ? body(&clientStreams[index]) : body(&serverStreams[index])
    }

    private mutating func unidirectionalIndex(_ stream: UInt64, _ direction: Direction) -> Int? {
        if let known = streams(direction).firstIndex(where: { $0.identifier == stream }) { return known }
        guard streams(direction).count < Self.unidirectionalCapacity else { return nil }
        let new = HTTP3UnidirectionalStream(identifier: stream)
        if direction == .fromClient { clientStreams.append(new) } else { serverStreams.append(new) }
        return streams(direction).count - 1
    }

    @_lifetime(reader: copy reader)
    private mutating func nextType(
        _ index: Int, _ direction: Direction, _ reader: inout ByteReader
    ) -> (kind: HTTP3StreamType, length: Int)? {
        var integer = streams(direction)[index].typeInteger
        let value = integer.next(&reader)
        let type = value.map { HTTP3StreamType($0.number) }
        update(index, direction) { stream in
            stream.typeInteger = integer
            stream.type = type
        }
        guard let value, let type else { return nil }
        return (type, value.length)
    }

    private mutating func countQPACK(_ bytes: RawSpan, _ direction: Direction) {
        let count = UInt64(bytes.byteCount)
        endpoints[direction.index].overheadBytes &+= count
        endpoints[direction.index].qpackStreamBytes &+= count
    }

    private mutating func readControl(
        _ index: Int, _ direction: Direction, _ bytes: RawSpan, _ now: inout Observation
    ) {
        var reader = ByteReader(bytes)
        var frames = streams(direction)[index].frames
        defer { update(index, direction) { $0.frames = frames } }
        while let element = frames.next(&reader) {  // each moves the reader or the frame decoder on
            switch element {
            case .frame(let type, let length, let headerLength):
                endpoints[direction.index].count(type, headerLength: headerLength)
                let isFirst = streams(direction)[index].frameCount == 0
                if isFirst != (type == .settings) || type.isForbidden || type == .data || type == .headers {
                    violations += 1
                }
                update(index, direction) { $0.begin(type, length: length) }
            case .payload(let count, let isLast):
                endpoints[direction.index].overheadBytes &+= UInt64(count)
                let end = reader.consumed
                let payload = bytes.extracting((end - count)..<end)
                if direction == .fromClient {
                    clientStreams[index].collect(payload)
                } else {
                    serverStreams[index].collect(payload)
                }
                if isLast { endControlFrame(index, direction, &now) }
            }
        }
    }

    private mutating func endControlFrame(
        _ index: Int, _ direction: Direction, _ now: inout Observation
    ) {
        let type = streams(direction)[index].frame
        guard let payload = update(index, direction, { $0.takePayload() }) else { return }
        var reader = ByteReader(unsafe payload.span.bytes)  // UInt8 has no padding
        if type == .goAway {
            endpoints[direction.index].goAway = try? reader.quicInteger(in: .http3)
            return
        }
        guard let settings = try? HTTP3Settings(decoding: &reader) else {
            violations += 1
            return
        }
        guard endpoints[direction.index].settings == nil else { return }
        endpoints[direction.index].settings = settings
        // What this end allows is what the other end's header blocks may use.
        let capacity = settings[.qpackMaxTableCapacity] ?? 0
        var decoded: [HTTP3FieldDecoder.Decoded] = []
        if direction == .fromClient {
            serverFields.setCapacity(capacity, &decoded)
        } else {
            clientFields.setCapacity(capacity, &decoded)
        }
        take(decoded, direction.reversed, &now)
    }

    mutating func gapUnidirectional(
        _ count: UInt64, _ stream: UInt64, _ direction: Direction, _ now: inout Observation
    ) {
        guard let index = unidirectionalIndex(stream, direction) else { return }
        switch streams(direction)[index].type {
        case .control:
            update(index, direction) {
                $0.gap()
                _ = $0.frames.gap(of: count)
            }
            if streams(direction)[index].frames.hasLostSync { lostStreams += 1 }
        case .qpackEncoder: loseTable(direction, &now)
        case .push: if let position = knownIndex(stream) { bridge(count, position, direction, at: now.time, &now) }
        case .qpackDecoder, .other: break
        case nil:
            update(index, direction) { $0.type = .other(.max) }
            lostStreams += 1
        }
    }

    private mutating func loseTable(_ direction: Direction, _ now: inout Observation) {
        var decoded: [HTTP3FieldDecoder.Decoded] = []
        if direction == .fromClient {
            clientFields.loseTable(&decoded)
        } else {
            serverFields.loseTable(&decoded)
        }
        lostStreams += 1
        take(decoded, direction, &now)
    }

    mutating func endUnidirectional(
        _ stream: UInt64, _ direction: Direction, at time: Timestamp, _ now: inout Observation
    ) {
        guard let index = unidirectionalIndex(stream, direction) else { return }
        let type = streams(direction)[index].type
        switch type {
        case .control, .qpackEncoder, .qpackDecoder:
            // They last as long as the connection (RFC 9114 section 6.2.1, RFC 9204 section 4.2).
            violations += 1
        case .push:
            if let position = knownIndex(stream) { endMessage(position, .fromServer, at: time, &now) }
            fallthrough
        case .other, nil:
            if direction == .fromClient { clientStreams.remove(at: index) } else { serverStreams.remove(at: index) }
        }
    }
}
