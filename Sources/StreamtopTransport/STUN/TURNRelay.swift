import StreamtopBase
import StreamtopLayer
import StreamtopModel
import StreamtopWire

/// What a client has a relay do for it: its allocation, permissions and channels, and the data that goes through them
/// (RFC 8656). Lifetimes begin with the answer that grants them.
struct TURNRelay: Sendable {
    /// RFC 8656 sections 9 and 12.
    static let permissionLifetime = Nanoseconds.seconds(300)
    static let channelLifetime = Nanoseconds.seconds(600)
    /// Peers and channels followed.
    static let peerCapacity = 64
    /// What was under way when a lifetime ended may still arrive. Own: no path is longer.
    private static let grace = Nanoseconds.seconds(2)

    static let limits = [
        Limit("peers of a relay's client", peerCapacity, per: .flow, policy: "more are not followed"),
        Limit("channels of a relay's client", peerCapacity, per: .flow, policy: "more are not followed"),
    ]

    private struct Allocation: Sendable {
        var relayed: Endpoint
        var lifetime: UInt32
        var expiry: Timestamp
        var isGone = false
    }

    private struct Request: Sendable {
        var transaction: STUNTransaction
        var peers: [IPAddress]
        var channel: UInt16?
        var peer: Endpoint?
    }

    private struct Channel: Sendable {
        var peer: Endpoint
        var expiry: Timestamp
    }

    /// What ran out while the client went on sending.
    private struct Lapsed: Sendable {
        var kind: TURNAllocationSnapshot.Lapse
        var at: Timestamp
        var lastUse: Timestamp
    }

    private let transport: String
    private var allocation: Allocation?
    private var permissions: [IPAddress: Timestamp] = [:]
    private var channels: [UInt16: Channel] = [:]
    /// Requests under way whose answers grant something; the newest.
    private var requests: [Request] = []
    private var lapsed: Lapsed?
    /// The relay worked on after a lifetime had ended: a renewal was not captured, and lifetimes are not known any more.
    private var missedRenewal = false
    private var counts = TURNSnapshot()
    /// What the message at hand changed, for people.
    private var event: RelayAllocationEvent?
    private var bytes: UInt64 = 0
    /// Anything of TURN was seen.
    private(set) var isKnown = false
    /// A connection to a peer took over this one (RFC 6062 section 4.3): what follows is its data.
    private(set) var isBound = false

    init(transport: String) { self.transport = transport }

    /// `whole` is the message as captured; `wireLength` its length on the wire.
    mutating func observe(
        _ message: STUNMessage, _ whole: RawSpan, wireLength: Int, relayed: inout RelayedDatagrams,
        _ now: borrowing Observation
    ) {
        guard message.header.method.isRelaying else { return }
        isKnown = true
        switch message.header.messageClass {
        case .request: remember(message)
        case .success: takeGrant(message, at: now.time)
        case .error: takeRefusal(message)
        case .indication: takeIndication(message, whole, wireLength: wireLength, &relayed, now)
        }
    }

    /// Data in a channel; `data` is what was captured of it.
    mutating func observe(
        _ header: TURNChannelData, _ data: RawSpan, relayed: inout RelayedDatagrams, _ now: borrowing Observation
    ) {
        counts.channelDataPackets += 1
        let channel = channels[header.channel]
        bytes &+= UInt64(header.dataLength)
        relayed.append(
            data, wireLength: header.dataLength, from: now.direction, at: now.time, local: allocation?.relayed,
            peer: channel?.peer, channel: header.channel)
        note(channel: channel, peer: channel?.peer.address, now)
    }

    mutating func takeEvent() -> RelayAllocationEvent? {
        defer { event = nil }
        return event
    }

    /// Bytes of a connection that was bound to a peer.
    mutating func observe(bound count: Int) { bytes &+= UInt64(count) }

    private mutating func takeIndication(
        _ message: STUNMessage, _ whole: RawSpan, wireLength: Int, _ relayed: inout RelayedDatagrams,
        _ now: borrowing Observation
    ) {
        guard message.header.method == .send || message.header.method == .data else { return }
        counts.indications += 1
        guard let data = message.data else { return }
        let peer = message.peerAddresses.first
        bytes &+= UInt64(data.count)
        let captured = min(data.upperBound, whole.byteCount)
        guard data.lowerBound <= captured else { return }
        relayed.append(
            whole.extracting(data.lowerBound..<captured), wireLength: data.count, from: now.direction, at: now.time,
            local: allocation?.relayed, peer: peer)
        note(channel: nil, peer: peer?.address, now)
    }

    private mutating func note(channel: Channel?, peer: IPAddress?, _ now: borrowing Observation) {
        if now.direction == .fromClient {
            judge(channel: channel, peer: peer, at: now.time)
        } else {
            noteWork(channel: channel, peer: peer, at: now.time)
        }
    }

    // MARK: Requests and their answers

    private mutating func remember(_ message: STUNMessage) {
        switch message.header.method {
        case .createPermission, .channelBind: break
        default: return
        }
        if requests.contains(where: { $0.transaction == message.header.transaction }) { return }
        if requests.count >= Self.peerCapacity { requests.removeFirst() }
        requests.append(
            Request(
                transaction: message.header.transaction, peers: message.peerAddresses.map(\.address),
                channel: message.channel, peer: message.peerAddresses.first))
    }

    private mutating func takeGrant(_ message: STUNMessage, at time: Timestamp) {
        switch message.header.method {
        case .allocate:
            guard let relayed = message.relayedAddress else { return }
            let lifetime = message.lifetime ?? 600
            // A new allocation has nothing of the one before.
            if allocation?.relayed != relayed {
                permissions.removeAll()
                channels.removeAll()
                missedRenewal = false
            }
            if allocation?.relayed != relayed || allocation?.isGone == true {
                event = RelayAllocationEvent(.granted, relayed: relayed, lifetime: lifetime)
            }
            allocation = Allocation(relayed: relayed, lifetime: lifetime, expiry: time + .seconds(Int64(lifetime)))
        case .refresh:
            guard let lifetime = message.lifetime else { return }
            // A lifetime of zero gives the allocation back.
            if lifetime == 0 {
                if let allocation, !allocation.isGone {
                    event = RelayAllocationEvent(.released, relayed: allocation.relayed)
                }
                allocation?.isGone = true
            } else {
                allocation?.lifetime = lifetime
            }
            allocation?.expiry = time + .seconds(Int64(lifetime))
        case .createPermission, .channelBind:
            guard let position = requests.firstIndex(where: { $0.transaction == message.header.transaction }) else {
                return
            }
            grant(requests.remove(at: position), at: time)
        case .connectionBind: isBound = true
        default: break
        }
    }

    private mutating func grant(_ request: Request, at time: Timestamp) {
        for peer in request.peers where permissions[peer] != nil || permissions.count < Self.peerCapacity {
            permissions[peer] = time + Self.permissionLifetime
        }
        guard let number = request.channel, let peer = request.peer else { return }
        guard channels[number] != nil || channels.count < Self.peerCapacity else { return }
        channels[number] = Channel(peer: peer, expiry: time + Self.channelLifetime)
        counts.channels = channels.count
    }

    private mutating func takeRefusal(_ message: STUNMessage) {
        // 401 and 438 ask for credentials and for a fresh nonce: every client is told so (RFC 8489 section 9.2.4).
        if message.header.method == .allocate, let code = message.errorCode, code != 401, code != 438 {
            event = RelayAllocationEvent(.refused, errorCode: code)
        }
        // 437: there is no such allocation (any more) (RFC 8656 section 19).
        if message.header.method == .refresh, message.errorCode == 437, lapsed == nil { allocation?.isGone = true }
        requests.removeAll { $0.transaction == message.header.transaction }
    }

    // MARK: Lifetimes

    /// What the client needs for sending and does not hold any more.
    private func expired(channel: Channel?, peer: IPAddress?, at time: Timestamp) -> Lapsed? {
        guard let allocation, !allocation.isGone else { return nil }
        if time > allocation.expiry { return Lapsed(kind: .allocation, at: allocation.expiry, lastUse: time) }
        if let channel, time > channel.expiry { return Lapsed(kind: .channel, at: channel.expiry, lastUse: time) }
        if let peer, let expiry = permissions[peer], time > expiry {
            return Lapsed(kind: .permission, at: expiry, lastUse: time)
        }
        return nil
    }

    /// The client sends: does anything that it needs for that still hold?
    private mutating func judge(channel: Channel?, peer: IPAddress?, at time: Timestamp) {
        guard !missedRenewal, let found = expired(channel: channel, peer: peer, at: time) else { return }
        guard lapsed == nil else {
            lapsed?.lastUse = time
            return
        }
        lapsed = found
        event = RelayAllocationEvent(.lapsed, relayed: allocation?.relayed, lapse: found.kind)
    }

    /// The relay hands data on: whatever it needs for that holds, whether or not its renewal was captured.
    private mutating func noteWork(channel: Channel?, peer: IPAddress?, at time: Timestamp) {
        guard !missedRenewal, let found = expired(channel: channel, peer: peer, at: time - Self.grace) else { return }
        missedRenewal = true
        if lapsed?.kind == found.kind { lapsed = nil }
    }

    func snapshot(at time: Timestamp) -> TURNSnapshot {
        var snapshot = counts
        guard let allocation else { return snapshot }
        var allocationSnapshot = TURNAllocationSnapshot(
            relayed: allocation.relayed, transport: transport, lifetime: allocation.lifetime,
            expiresIn: allocation.expiry - time)
        allocationSnapshot.lapsed = lapsed?.kind
        allocationSnapshot.lapsedAt = lapsed?.at
        allocationSnapshot.lastLapsedUse = lapsed?.lastUse
        allocationSnapshot.permissionExpiresIn = permissions.values.min().map { $0 - time }
        allocationSnapshot.channelExpiresIn = channels.values.map(\.expiry).min().map { $0 - time }
        allocationSnapshot.isGone = allocation.isGone
        allocationSnapshot.missedRenewal = missedRenewal
        allocationSnapshot.permissions = permissions.count
        allocationSnapshot.channels = channels.count
        allocationSnapshot.bytes = bytes
        snapshot.allocation = allocationSnapshot
        return snapshot
    }
}
