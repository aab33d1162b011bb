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
        /// Captured bytes of all of them, ample for the above at 8 KiB each.
        package var bytes = 8 << 20
        /// Pieces of one datagram: 64 KiB in fragments of 256 bytes.
        package var pieces = 256
        package init() {}
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

    private var datagrams: [FragmentKey: FragmentDatagram] = [:]
    /// Keys in the order in which their datagrams began, per family, for both time out at their own pace.
    private var order4 = FragmentOrder()
    private var order6 = FragmentOrder()
    /// Datagrams that were finished, to know duplicates that come late; as many as there may be datagrams.
    private var recent: [FragmentKey: FinishedDatagram] = [:]
    private var recentOrder = FragmentOrder()
    private var storedBytes = 0
    private var nextSerial: UInt64 = 0
    /// Given up since the last `advance`, at most `limits.datagrams`.
    private var losses: [FragmentLoss] = []

    package init(limits: Limits = Limits()) {
        self.limits = limits
    }

    /// Datagrams under way.
    package var count: Int { datagrams.count }

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
        let data = reader.copy(min(part.dataCaptured, part.dataLength))
        let fingerprint = FragmentFingerprint(start: part.offset, end: end, bytes: data)
        // The key alone does not tell a duplicate: some senders give every datagram the same identification. Equal bytes
        // at the start can still be the next datagram's; what becomes of them is decided by those that follow.
        let isEcho = isPart(fingerprint, ofFinished: key, at: time)
        if isEcho, datagrams[key] == nil, part.offset > 0 {
            counters.duplicates += 1
            return .duplicate
        }
        begin(key, protocolNumber: part.protocolNumber, at: time)
        let addition = datagrams[key]?.add(
            start: part.offset, end: end, isLast: !part.moreFragments, bytes: data,
            refusesOverlap: !frame.source.isIPv4, maximumPieces: limits.pieces)
        if case .added = addition {
            datagrams[key]?.fingerprints.append(fingerprint)
            if !isEcho { datagrams[key]?.holdsNews = true }
        }
        return settle(addition ?? .refused(.malformed), key, frame: frame, stored: data.count, at: time)
    }

    /// Gives up what has waited too long and reports all that was given up since the last call. `Timestamp` of the far
    /// future at the end of a capture reports everything that never became whole.
    package mutating func advance(to time: Timestamp, _ report: (FragmentLoss) -> Void) {
        while let oldest = order4.first, expire(oldest, timeout: Self.timeout4, at: time) { order4.removeFirst() }
        while let oldest = order6.first, expire(oldest, timeout: Self.timeout6, at: time) { order6.removeFirst() }
        for loss in losses { report(loss) }
        losses.removeAll(keepingCapacity: true)
    }

    private func isPart(_ fingerprint: FragmentFingerprint, ofFinished key: FragmentKey, at time: Timestamp) -> Bool {
        guard let finished = recent[key], time - finished.time <= Self.memory else { return false }
        return finished.parts.contains(fingerprint)
    }

    private mutating func begin(_ key: FragmentKey, protocolNumber: UInt8, at time: Timestamp) {
        guard datagrams[key] == nil else { return }
        while datagrams.count >= limits.datagrams || storedBytes >= limits.bytes {  // each turn removes one
            guard evictOldest() else { break }
        }
        if order4.count + order6.count >= limits.datagrams * 4 {
            // Most of these are gone: a quarter at most is under way.
            order4.keep { datagrams[$0.key]?.serial == $0.serial }
            order6.keep { datagrams[$0.key]?.serial == $0.serial }
        }
        let serial = nextSerial
        nextSerial &+= 1  // 2^64 datagrams do not come
        datagrams[key] = FragmentDatagram(serial: serial, begun: time, protocolNumber: protocolNumber)
        let entry = FragmentOrder.Entry(key: key, serial: serial, begun: time)
        if key.source.isIPv4 { order4.append(entry) } else { order6.append(entry) }
    }

    private mutating func settle(
        _ addition: FragmentDatagram.Addition, _ key: FragmentKey, frame: borrowing DecodedFrame, stored: Int,
        at time: Timestamp
    ) -> FragmentOutcome {
        switch addition {
        case .refused(let reason):
            counters.dropped += 1
            if reason == .overlap {
                giveUp(key, reason: .overlap)
            } else if datagrams[key]?.parts == 0 {
                datagrams[key] = nil
            }
            return .dropped(reason)
        case .covered(let differs):
            noteOverlap(differs)
            counters.duplicates += 1
            return finished(key, at: time) ?? .duplicate
        case .added(let differs):
            noteOverlap(differs)
            storedBytes += stored
            if frame.fragment?.offset == 0 {
                datagrams[key]?.sourcePort = frame.sourcePort
                datagrams[key]?.destinationPort = frame.destinationPort
            }
            return finished(key, at: time) ?? .pending
        }
    }

    private mutating func finished(_ key: FragmentKey, at time: Timestamp) -> FragmentOutcome? {
        guard let datagram = datagrams[key], datagram.isComplete, let total = datagram.total else { return nil }
        counters.completed += 1
        let bytes = datagram.capturedPrefix()
        storedBytes = max(0, storedBytes - datagram.storedBytes)
        datagrams[key] = nil
        remember(key, datagram, at: time)
        return .complete(bytes: bytes, wholeLength: total, parts: datagram.parts)
    }

    private mutating func remember(_ key: FragmentKey, _ datagram: FragmentDatagram, at time: Timestamp) {
        recent[key] = FinishedDatagram(serial: datagram.serial, time: time, parts: datagram.fingerprints)
        recentOrder.append(FragmentOrder.Entry(key: key, serial: datagram.serial, begun: time))
        while recentOrder.count > limits.datagrams, let oldest = recentOrder.removeFirst() {  // each turn removes one
            // The same key may have been finished again since.
            if recent[oldest.key]?.serial == oldest.serial { recent[oldest.key] = nil }
        }
    }

    private mutating func noteOverlap(_ differs: Bool) {
        guard differs else { return }
        lastOverlapDiffered = true
        counters.differingOverlaps += 1
    }

    /// True when the entry is done with: gone already, or expired now.
    private mutating func expire(_ entry: FragmentOrder.Entry, timeout: Nanoseconds, at time: Timestamp) -> Bool {
        guard let datagram = datagrams[entry.key], datagram.serial == entry.serial else { return true }
        guard time - datagram.begun > timeout else { return false }
        giveUp(entry.key, reason: .expired)
        return true
    }

    private mutating func evictOldest() -> Bool {
        while true {  // each turn takes one entry from an order
            let isOlder4: Bool
            switch (order4.first, order6.first) {
            case (nil, nil): return false
            case (.some, nil): isOlder4 = true
            case (nil, .some): isOlder4 = false
            case (.some(let left), .some(let right)): isOlder4 = left.serial < right.serial
            }
            guard let entry = isOlder4 ? order4.removeFirst() : order6.removeFirst() else { return false }
            guard let datagram = datagrams[entry.key], datagram.serial == entry.serial else { continue }
            giveUp(entry.key, reason: .evicted)
            return true
        }
    }

    private mutating func giveUp(_ key: FragmentKey, reason: FragmentLoss.Reason) {
        guard let datagram = datagrams.removeValue(forKey: key) else { return }
        storedBytes = max(0, storedBytes - datagram.storedBytes)
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
