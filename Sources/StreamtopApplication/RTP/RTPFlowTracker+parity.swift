import StreamtopBase
import StreamtopWire

/// Streams that protect others by FEC packets of their own source.
extension RTPFlowTracker {
    /// A packet of a stream that may be FlexFEC, or is.
    func protect(
        _ stream: RTPStream, _ header: RTPHeader, _ packet: RawSpan, _ wireLength: Int, _ opened: RawSpan?,
        at time: Timestamp
    ) {
        guard stream.state.repeats == nil, !stream.state.payloadTypes.contains(where: { $0 < 35 }) else {
            return stream.state.flexFEC.giveUp()
        }
        if !stream.state.flexFEC.isSure, signalledParity.contains(header.payloadType) { stream.state.flexFEC.believe() }
        let (own, from) = (stream.state.source, stream.state.from)
        var isGoingOn = stream.state.flexFEC.observe(
            contributors: Self.contributors(header, packet), stream.state.clearPayload(header, packet, opened),
            isProtected: stream.state.isEncrypted == true, at: time
        ) { source in
            // FEC has a payload type of its own; the contributors of mixed speech share it.
            guard source != own, let other = streams[Self.key(source, from)], !other.state.isRepair,
                !other.state.payloadTypes.contains(header.payloadType)
            else { return nil }
            return other
        }
        if stream.state.flexFEC.goesByLength, opened == nil {
            isGoingOn = stream.state.flexFEC.observeLength(
                wireLength - header.length, isMarked: header.isMarked, rate: stream.state.clock.rate
            ) { show in
                for key in proven {
                    guard let other = streams[key], other !== stream, other.state.from == from,
                        !other.state.isRepair, other.state.isVideo == true, other.state.looksSealed,
                        !other.state.payloadTypes.contains(header.payloadType)
                    else { continue }
                    show(other)
                }
            }
        }
        guard isGoingOn else { return }
        for source in stream.state.flexFEC.protects {
            guard let other = streams[Self.key(source, from)], other.state.protector == nil, other !== stream else {
                continue
            }
            other.state.protector = stream
            other.state.flexFEC.giveUp()
        }
        recover(with: stream, at: time)
    }

    /// Some packet came that FlexFEC packets may have waited for.
    func recover(with protector: RTPStream, at time: Timestamp) {
        let from = protector.state.from
        protector.state.flexFEC.recover(at: time) { streams[Self.key($0, from)] }
    }

    private static func contributors(_ header: RTPHeader, _ packet: RawSpan) -> [UInt32] {
        guard header.contributors > 0 else { return [] }
        var reader = ByteReader(packet)
        reader.skip(RTPHeader.fixedLength)
        return (0..<header.contributors).map { _ in reader.uint32() }
    }
}

extension RTPStreamState {
    /// Nothing of its media was read: where it is in clear, so is what protects it, and names it.
    fileprivate var looksSealed: Bool { isEncrypted == true || codec == nil }

    /// The payload as far as it can be read: opened with its keys, or sent in clear.
    @_lifetime(copy packet, copy opened)
    func clearPayload(_ header: RTPHeader, _ packet: RawSpan, _ opened: RawSpan?) -> RawSpan? {
        if let opened { return opened }
        guard isEncrypted != true, header.length < packet.byteCount else { return nil }
        return packet.extracting(header.length..<packet.byteCount)
    }

    /// The number that stands before the payload of a packet that repeats another (RFC 4588 section 4).
    func namedOriginal(_ header: RTPHeader, _ packet: RawSpan, _ opened: RawSpan?) -> UInt16? {
        guard let payload = clearPayload(header, packet, opened) else { return nil }
        return ByteReader(payload).peekUInt16()
    }
}
