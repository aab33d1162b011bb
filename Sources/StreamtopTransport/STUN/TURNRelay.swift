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
    static let maximumPeers = 64

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

    private let transport: String
    private var allocation: Allocation?
    private var permissions: [IPAddress: Timestamp] = [:]
    private var channels: [UInt16: Channel] = [:]
    /// Requests under way whose answers grant something; the newest.
    private var requests: [Request] = []
    private var lapsed: TURNAllocationSnapshot.Lapse?
    private var counts = TURNSnapshot()
    private var bytes: UInt64 = 0
    /// Anything of TURN was seen.
    private(set) var isKnown = false

    init(transport: String) { self.transport = transport }

    mutating func observe(_ message: STUNMessage, _ now: inout Observation) {
        guard message.header.method.isRelaying else { return }
        isKnown = true
        switch message.header.messageClass {
        case .request: remember(message)
        case .success: takeGrant(message, at: now.time)
        case .error: takeRefusal(message)
        case .indication: takeIndication(message, &now)
        }
    }

    /// Data in a channel; `data` is where it lies in the datagram.
    mutating func observe(_ header: TURNChannelData, _ data: Range<Int>, _ now: inout Observation) {
        counts.channelDataPackets += 1
        relay(data, with: channels[header.channel]?.peer, &now)
        guard now.direction == .fromClient else { return }
        judge(channel: channels[header.channel], peer: channels[header.channel]?.peer.address, at: now.time)
    }

    private mutating func takeIndication(_ message: STUNMessage, _ now: inout Observation) {
        guard message.header.method == .send || message.header.method == .data else { return }
        counts.indications += 1
        guard let data = message.data else { return }
        relay(data, with: message.peerAddresses.first, &now)
        guard now.direction == .fromClient else { return }
        judge(channel: nil, peer: message.peerAddresses.first?.address, at: now.time)
    }

    private mutating func relay(_ data: Range<Int>, with peer: Endpoint?, _ now: inout Observation) {
        bytes &+= UInt64(data.count)
        now.deliver(data.lowerBound, count: data.count)
    }

    // MARK: Requests and their answers

    private mutating func remember(_ message: STUNMessage) {
        switch message.header.method {
        case .createPermission, .channelBind: break
        default: return
        }
        if requests.contains(where: { $0.transaction == message.header.transaction }) { return }
        if requests.count >= Self.maximumPeers { requests.removeFirst() }
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
            allocation = Allocation(relayed: relayed, lifetime: lifetime, expiry: time + .seconds(Int64(lifetime)))
        case .refresh:
            guard let lifetime = message.lifetime else { return }
            // A lifetime of zero gives the allocation back.
            if lifetime == 0 { allocation?.isGone = true } else { allocation?.lifetime = lifetime }
            allocation?.expiry = time + .seconds(Int64(lifetime))
        case .createPermission, .channelBind:
            guard let place = requests.firstIndex(where: { $0.transaction == message.header.transaction }) else {
                return
            }
            grant(requests.remove(at: place), at: time)
        default: break
        }
    }

    private mutating func grant(_ request: Request, at time: Timestamp) {
        for peer in request.peers where permissions[peer] != nil || permissions.count < Self.maximumPeers {
            permissions[peer] = time + Self.permissionLifetime
        }
        guard let number = request.channel, let peer = request.peer else { return }
        guard channels[number] != nil || channels.count < Self.maximumPeers else { return }
        channels[number] = Channel(peer: peer, expiry: time + Self.channelLifetime)
        counts.channels = channels.count
    }

    private mutating func takeRefusal(_ message: STUNMessage) {
        // 437: there is no such allocation (any more) (RFC 8656 section 19).
        if message.header.method == .refresh, message.errorCode == 437 { allocation?.isGone = true }
        requests.removeAll { $0.transaction == message.header.transaction }
    }

    /// The client sends: does anything that it needs for that still hold?
    private mutating func judge(channel: Channel?, peer: IPAddress?, at time: Timestamp) {
        guard lapsed == nil, let allocation, !allocation.isGone else { return }
        if time > allocation.expiry {
            lapsed = .allocation
        } else if let channel, time > channel.expiry {
            lapsed = .channel
        } else if let peer, let expiry = permissions[peer], time > expiry {
            lapsed = .permission
        }
    }

    func snapshot(at time: Timestamp) -> TURNSnapshot {
        var turn = counts
        guard let allocation else { return turn }
        var told = TURNAllocationSnapshot(
            relayed: allocation.relayed, transport: transport, lifetime: allocation.lifetime,
            expiresIn: allocation.expiry - time)
        told.lapsed = lapsed
        told.permissions = permissions.count
        told.channels = channels.count
        told.bytes = bytes
        turn.allocation = told
        return turn
    }
}
