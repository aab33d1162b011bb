import StreamtopBase
import StreamtopModel

/// Where a sender's time goes: waiting for its application, for the receiver's window, or for the network.
///
/// The interval between two events belongs to the state in which the first one left the sender. A distant sender learns
/// of an acknowledgment later than the capture point: it turns idle only then.
struct LimitMeter: Sendable {
    enum State: Sendable { case application, receiver, network }

    private(set) var shares = LimitShares(network: 0, receiver: 0, application: 0)
    private var state = State.application
    /// Since when; the least stamp before anything was entered.
    private var since = Timestamp(nanoseconds: .min)
    /// Until then the state before this one still holds for the sender.
    private var takesEffect = Timestamp(nanoseconds: .min)
    private var before = State.application

    /// What holds the sender now.
    var current: State { state }

    init() {}

    /// The sender is in `new` from `time` + `delay` on.
    @inline(__always)
    mutating func enter(_ new: State, at time: Timestamp, delay: Nanoseconds) {
        if new == state, since.nanoseconds != .min { return }
        change(to: new, at: time, delay: delay)
    }

    /// For so long of what was counted the sender waited for a timer of the ends, not for the network.
    mutating func excuseNetwork(_ span: Nanoseconds) {
        let span = min(span, shares.network)
        shares.network -= span
        shares.application = saturatingAdd(shares.application, span)
    }

    @inline(never)
    private mutating func change(to new: State, at time: Timestamp, delay: Nanoseconds) {
        if since.nanoseconds == .min { since = time }
        guard new != state else { return }
        account(to: time)
        before = takesEffect > time ? before : state
        state = new
        takesEffect = time + delay
    }

    private mutating func account(to time: Timestamp) {
        guard time > since else { return }
        if takesEffect > since {
            let change = min(takesEffect, time)
            shares.add(change - since, to: before)
            shares.add(time - change, to: state)
        } else {
            shares.add(time - since, to: state)
        }
        since = time
    }

    /// The shares up to `time`.
    func shares(at time: Timestamp) -> LimitShares {
        guard since.nanoseconds != .min else { return shares }
        var ended = self
        ended.account(to: time)
        return ended.shares
    }
}

extension LimitShares {
    fileprivate mutating func add(_ span: Nanoseconds, to state: LimitMeter.State) {
        switch state {
        case .application: application = saturatingAdd(application, span)
        case .receiver: receiver = saturatingAdd(receiver, span)
        case .network: network = saturatingAdd(network, span)
        }
    }
}
