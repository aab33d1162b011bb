import StreamtopBase
import StreamtopWire

/// What became of a fragment.
package enum FragmentOutcome: Equatable, Sendable {
    /// Kept; the datagram is not whole yet.
    case pending
    /// The last missing one. `bytes`: the datagram's data behind the IP header, as far as it was captured from its start;
    /// `wholeLength`: its length on the wire; `parts`: the fragments it came in.
    case complete(bytes: [UInt8], wholeLength: Int, parts: Int)
    /// Brought nothing new, be it to a datagram under way or to one just finished.
    case duplicate
    case dropped(FragmentDrop)
}

/// Why a fragment was not kept.
package enum FragmentDrop: Equatable, Sendable {
    /// Empty, a part in the middle of a length that is no multiple of eight, or beyond 65535 bytes of data.
    case malformed
    /// Contradicts the length that another fragment gave.
    case inconsistent
    /// IPv6 fragments may not overlap; the whole datagram is given up (RFC 5722 section 4).
    case overlap
    case tooManyHoles
}

/// A datagram that was given up, and what it cost.
package struct FragmentLoss: Equatable, Sendable {
    package enum Reason: Equatable, Sendable { case expired, evicted, overlap }
    package var reason: Reason
    /// Ports are 0 unless the first fragment came.
    package var source: Endpoint
    package var destination: Endpoint
    package var protocolNumber: UInt8
    package var vlan: UInt16
    /// As in `FlowKey.tunnel`.
    package var tunnel: UInt32
    package var parts: Int
    /// Data bytes that arrived in vain.
    package var dataBytes: Int
}

/// Puts fragmented IP datagrams together (RFC 791 section 3.2, RFC 8200 section 4.5).
///
/// Where IPv4 fragments overlap, the bytes that came first stay; differing ones are counted (RFC 1858 tells what they
/// are used for). Memory is capped: the oldest datagram makes room. Time is packet time.
package struct FragmentAssembler: Sendable {
    /// How much is kept at most.
    package struct Limits: Sendable {
        /// Datagrams under way at once: at 10 ms from first to last fragment, 100,000 fragmented datagrams a second.
        package var datagrams = 1024
        /// Memory of the captured bytes of all of them, ample for the above at 8 KiB each.
        package var bytes = 8 << 20
        /// Holes in one datagram, and the most fragments by which a finished one is known again.
        package var pieces = 256
        package init() {}

        package var all: [Limit] {
            [
                Limit("fragmented datagrams", datagrams, per: .engine, policy: "the oldest is given up, counted"),
                Limit(
                    "fragments held", bytes, .bytes, per: .engine, policy: "the oldest datagram is given up, counted"),
                Limit(
                    "holes in a fragmented datagram", pieces, per: .stream, policy: "the fragment is dropped, counted"),
            ]
        }
    }

    package struct Counters: Equatable, Sendable {
        package var fragments = 0
        package var completed = 0
        package var duplicates = 0
        package var dropped = 0
        package var expired = 0
        package var evicted = 0
        /// Fragments whose bytes contradict those that came before.
        package var differingOverlaps = 0
    }

    /// Linux gives IPv4 30 seconds, RFC 8200 section 4.5 gives IPv6 60.
    private static let timeout4 = Nanoseconds.seconds(30)
    private static let timeout6 = Nanoseconds.seconds(60)
    /// How long a finished datagram is remembered, to know duplicates of its fragments.
    private static let memory = Nanoseconds.seconds(1)

    private let limits: Limits
    package private(set) var counters = Counters()
    /// The fragment last observed contradicted bytes that came before it.
    package private(set) var lastOverlapDiffered = false

    /// Under way, per family, for both time out at their own pace.
    private var datagrams4: BoundedMap<FragmentKey, FragmentDatagram>
    private var datagrams6: BoundedMap<FragmentKey, FragmentDatagram>
    /// Datagrams that were finished, to know duplicates that come late; as many as there may be datagrams.
    private var recent: BoundedMap<FragmentKey, FinishedDatagram>
    /// Memory that the bytes of all datagrams under way take.
    package private(set) var heldBytes = 0
    private var nextSerial: UInt64 = 0
    /// Given up since the last `advance`, at most `limits.datagrams`.
    private var losses: [FragmentLoss] = []

    package init(limits: Limits = Limits()) {
        self.limits = limits
        datagrams4 = BoundedMap(capacity: limits.datagrams)
        datagrams6 = BoundedMap(capacity: limits.datagrams)
        recent = BoundedMap(capacity: limits.datagrams)
    }

    /// Datagrams under way.
    package var count: Int { datagrams4.count + datagrams6.count }

    /// Takes in the fragment that `frame` says it is; `bytes` is what the frame was decoded from.
    package mutating func observe(_ frame: borrowing DecodedFrame, bytes: RawSpan, at time: Timestamp)
        -> FragmentOutcome
    {
        lastOverlapDiffered = false
        guard let part = frame.fragment else { return .dropped(.malformed) }
        counters.fragments += 1
        // The wire gives at most 16 bits of length and of offset.
        let end = part.offset + part.dataLength
        guard part.dataLength > 0, !part.moreFragments || part.dataLength % 8 == 0, end <= 65535 else {
            counters.dropped += 1
            return .dropped(.malformed)
        }
        let key = FragmentKey(
            source: frame.source, destination: frame.destination, identification: part.identification,
            protocolNumber: frame.source.isIPv4 ? part.protocolNumber : 0, vlan: frame.vlan, tunnel: frame.tunnelKey)
        var reader = ByteReader(bytes)
        reader.skip(part.dataOffset)
        let data = reader.reader(of: min(part.dataCaptured, part.dataLength)).restSpan
        let fingerprint = FragmentFingerprint(start: part.offset, end: end, bytes: data)
        // The key alone does not tell a duplicate: some senders give every datagram the same identification. Equal bytes
        // at the start can still be the next datagram's; what becomes of them is decided by those that follow.
        let isEcho = isPart(fingerprint, ofFinished: key, at: time)
        if isEcho, datagram(key) == nil, part.offset > 0 {
            counters.duplicates += 1
            return .duplicate
        }
        begin(key, protocolNumber: part.protocolNumber, at: time)
        var addition = FragmentDatagram.Addition.refused(.malformed)
        let pieces = limits.pieces
        var grown = 0
        change(key) { datagram in
            let before = datagram.heldBytes
            addition = datagram.add(
                start: part.offset, end: end, isLast: !part.moreFragments, bytes: data, refusesOverlap: !key.isIPv4,
                time: time)
            if case .added = addition {
                if datagram.fingerprints.count < pieces { datagram.fingerprints.append(fingerprint) }
                if !isEcho { datagram.holdsNews = true }
            }
            grown = datagram.heldBytes - before
        }
        heldBytes += grown
        return settle(addition, key, frame: frame, at: time)
    }

    /// Gives up what has waited too long and reports all that was given up since the last call. `Timestamp` of the far
    /// future at the end of a capture reports everything that never became whole.
    package mutating func advance(to time: Timestamp, _ report: (FragmentLoss) -> Void) {
        guard count > 0 || !losses.isEmpty else { return }
        while let oldest = datagrams4.first, time - oldest.value.begun > Self.timeout4 {
            giveUp(oldest.key, reason: .expired)
        }
        while let oldest = datagrams6.first, time - oldest.value.begun > Self.timeout6 {
            giveUp(oldest.key, reason: .expired)
        }
        for loss in losses { report(loss) }
        losses.removeAll(keepingCapacity: true)
    }

    private func isPart(_ fingerprint: FragmentFingerprint, ofFinished key: FragmentKey, at time: Timestamp) -> Bool {
        guard let finished = recent[key], time - finished.time <= Self.memory else { return false }
        return finished.parts.contains(fingerprint)
    }

    private func datagram(_ key: FragmentKey) -> FragmentDatagram? {
        key.isIPv4 ? datagrams4[key] : datagrams6[key]
    }

    private mutating func change(_ key: FragmentKey, _ body: (inout FragmentDatagram) -> Void) {
        if key.isIPv4 { datagrams4.change(key, body) } else { datagrams6.change(key, body) }
    }

    private mutating func remove(_ key: FragmentKey) -> FragmentDatagram? {
        let removed = key.isIPv4 ? datagrams4.removeValue(for: key) : datagrams6.removeValue(for: key)
        heldBytes -= removed?.heldBytes ?? 0
        return removed
    }

    private mutating func begin(_ key: FragmentKey, protocolNumber: UInt8, at time: Timestamp) {
        guard datagram(key) == nil else { return }
        while count >= limits.datagrams || heldBytes >= limits.bytes {  // each pass removes one
            guard evictOldest() else { break }
        }
        let datagram = FragmentDatagram(
            serial: nextSerial, begun: time, protocolNumber: protocolNumber, pieces: limits.pieces)
        nextSerial &+= 1  // 2^64 datagrams do not come
        heldBytes += datagram.heldBytes
        if key.isIPv4 { datagrams4.insert(datagram, for: key) } else { datagrams6.insert(datagram, for: key) }
    }

    private mutating func settle(
        _ addition: FragmentDatagram.Addition, _ key: FragmentKey, frame: borrowing DecodedFrame, at time: Timestamp
    ) -> FragmentOutcome {
        switch addition {
        case .refused(let reason):
            counters.dropped += 1
            if reason == .overlap {
                giveUp(key, reason: .overlap)
            } else if datagram(key)?.parts == 0 {
                _ = remove(key)
            }
            return .dropped(reason)
        case .covered(let differs):
            noteOverlap(differs)
            counters.duplicates += 1
            return finished(key, at: time) ?? .duplicate
        case .added(let differs):
            noteOverlap(differs)
            if frame.fragment?.offset == 0 {
                let ports = (frame.sourcePort, frame.destinationPort)
                change(key) { ($0.sourcePort, $0.destinationPort) = ports }
            }
            return finished(key, at: time) ?? .pending
        }
    }

    private mutating func finished(_ key: FragmentKey, at time: Timestamp) -> FragmentOutcome? {
        guard datagram(key)?.isComplete == true, let datagram = remove(key), let total = datagram.total else {
            return nil
        }
        counters.completed += 1
        // The same key may be finished again: it is the newest then.
        recent.insert(FinishedDatagram(time: time, parts: datagram.fingerprints), for: key, renews: true)
        return .complete(bytes: datagram.capturedPrefix(), wholeLength: total, parts: datagram.parts)
    }

    private mutating func noteOverlap(_ differs: Bool) {
        guard differs else { return }
        lastOverlapDiffered = true
        counters.differingOverlaps += 1
    }

    private mutating func evictOldest() -> Bool {
        let oldest4 = datagrams4.first
        let oldest6 = datagrams6.first
        let isOlder4 = (oldest4?.value.serial ?? .max) < (oldest6?.value.serial ?? .max)
        guard let key = isOlder4 ? oldest4?.key : oldest6?.key else { return false }
        giveUp(key, reason: .evicted)
        return true
    }

    private mutating func giveUp(_ key: FragmentKey, reason: FragmentLoss.Reason) {
        guard let datagram = remove(key) else { return }
        guard datagram.holdsNews else {
            counters.duplicates += datagram.parts
            return
        }
        switch reason {
        case .expired: counters.expired += 1
        case .evicted: counters.evicted += 1
        case .overlap: break
        }
        guard losses.count < limits.datagrams else { return }
        losses.append(
            FragmentLoss(
                reason: reason, source: Endpoint(address: key.source, port: datagram.sourcePort),
                destination: Endpoint(address: key.destination, port: datagram.destinationPort),
                protocolNumber: datagram.protocolNumber, vlan: key.vlan, tunnel: key.tunnel, parts: datagram.parts,
                dataBytes: datagram.dataBytes))
    }
}
