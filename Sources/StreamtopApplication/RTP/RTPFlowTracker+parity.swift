import StreamtopBase
import StreamtopWire

/// Streams that protect others by FEC packets of their own source.
extension RTPFlowTracker {
    /// A packet of a stream that may be FlexFEC, or is.
    func protect(
        _ stream: RTPStream, _ header: RTPHeader, _ packet: RawSpan, _ wireLength: Int, _ opened: RawSpan?,
        at time: Timestamp
    ) {
        guard stream.repeats == nil, !stream.payloadTypes.contains(where: { $0 < 35 }) else {
            return stream.flexFEC.giveUp()
        }
        if !stream.flexFEC.isSure, signalledParity.contains(header.payloadType) { stream.flexFEC.believe() }
        let from = stream.from
        var isGoingOn = stream.flexFEC.observe(
            contributors: Self.contributors(header, packet), stream.clearPayload(header, packet, opened),
            isProtected: stream.isEncrypted == true, at: time
        ) { source in
            // FEC has a payload type of its own; the contributors of mixed speech share it.
            guard source != stream.source, let other = streams[Self.key(source, from)], !other.isRepair,
                !other.payloadTypes.contains(header.payloadType)
            else { return nil }
            return other
        }
        if stream.flexFEC.goesByLength, opened == nil {
            isGoingOn = stream.flexFEC.observeLength(
                wireLength - header.length, isMarked: header.isMarked, rate: stream.clock.rate
            ) { show in
                for key in proven {
                    guard let other = streams[key], other !== stream, other.from == from, !other.isRepair,
                        other.isVideo == true, other.looksSealed, !other.payloadTypes.contains(header.payloadType)
                    else { continue }
                    show(other)
                }
            }
        }
        guard isGoingOn else { return }
        for source in stream.flexFEC.protects {
            guard let other = streams[Self.key(source, from)], other.protector == nil, other !== stream else {
                continue
            }
            other.protector = stream
            other.flexFEC.giveUp()
        }
        recover(with: stream, at: time)
    }

    /// Some packet came that FlexFEC packets may have waited for.
    func recover(with protector: RTPStream, at time: Timestamp) {
        let from = protector.from
        protector.flexFEC.recover(at: time) { streams[Self.key($0, from)] }
    }

    private static func contributors(_ header: RTPHeader, _ packet: RawSpan) -> [UInt32] {
        guard header.contributors > 0 else { return [] }
        var reader = ByteReader(packet)
        reader.skip(RTPHeader.fixedLength)
        return (0..<header.contributors).map { _ in reader.uint32() }
    }
}

extension RTPStream {
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
