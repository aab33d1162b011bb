import StreamtopBase
import StreamtopLayer
import StreamtopModel
import StreamtopWire

/// A segment as an answer to the peer's data.
extension TCPFlowTracker {
    /// The order matters:
    ///
    /// 1. the ranges that it acknowledges, for the round trips and losses they show;
    /// 2. the window that it offers: 1 has to know whether it moved, 4 and 6 where it ends now;
    /// 3. the round trips (`measure`), before 5 and 6 count time in them;
    /// 4. what the peer will know once this has reached it: logged on its way, or known at once on the peer's own host;
    /// 5. the flight that this leaves, there;
    /// 6. what holds the peer from now on.
    static func acknowledgmentReceived(
        _ sender: inout TCPEndpoint, _ peer: inout TCPEndpoint, _ frame: borrowing DecodedFrame, _ passage: TCPPassage,
        _ shared: inout TCPSharedMeters, _ now: inout Observation
    ) {
        let flags = frame.tcp.flags
        let isSyn = flags.isSyn
        let moved = sender.window.moves(to: frame.tcp.window)
        let isPure = frame.payloadLength == 0 && !isSyn && !flags.isFin
        if !isSyn, peer.ecn.negotiated == true {
            if peer.ecn.accurate {
                peer.ecn.observeCounter(flags)
            } else if flags.isEce || !peer.rare.isEmpty {
                let (isEcho, acknowledged) = (flags.isEce, frame.tcp.acknowledgment)
                peer.note { $0.echo.observe(isEcho: isEcho, acknowledged: acknowledged) }
            }
        }

        let before = peer.acknowledged
        var result = TCPAcknowledgmentResult()
        // Asked for only where ranges are reported.
        let loop =
            frame.tcp.options.sackCount > 0 || peer.sackedBytes > 0 ? leastRoundTrip(peer, sender) ?? 0 : 0
        peer.acknowledge(
            frame, isPure: isPure, windowMoved: moved, at: passage.time, roundTrip: loop, into: &result)
        if result.unseen > 0 { shared.anomalies.record(.ackOfUnseenData) }
        if result.sackOutside { shared.anomalies.record(.sackOutsideWindow) }
        if let start = result.needless {
            now.tell(.spurious(from: passage.direction.reversed, sequence: start))
        }
        if isSyn {
            sender.window.provisional(Int(frame.tcp.window), acknowledgment: frame.tcp.acknowledgment)
        } else if !sender.window.recordSame(
            frame.tcp.window, shift: sender.windowShift, acknowledgment: frame.tcp.acknowledgment)
        {
            observeWindow(&sender, frame, passage, &shared, &now)
        }
        measure(&result, &sender, &peer, at: passage.time, &shared)
        if passage.peerDistance == .far, result.hasOldestStamp, !peer.bulk.isEmpty {
            timeOneWay(result, of: &peer, answering: sender.roundTrip.last, at: passage.time, &shared)
        }

        let view = peer.currentView(edge: sender.window.edge)
        if passage.peerDistance != .host {
            peer.log.append(
                view, timestampValue: frame.tcp.options.hasTimestamps ? frame.tcp.options.timestampValue : nil,
                isSettled: peer.acknowledged == peer.next, at: passage.time)
        } else {
            if peer.acknowledged != before { peer.flight.endInitial() }
            peer.flight.update(peer.pipe(view))
        }
        peer.updateLimit(
            view: view, at: passage.time, delay: passage.peerDistance == .far ? peer.roundTrip.last : 0)
    }

    @inline(never)
    private static func observeWindow(
        _ sender: inout TCPEndpoint, _ frame: borrowing DecodedFrame, _ passage: TCPPassage,
        _ shared: inout TCPSharedMeters, _ now: inout Observation
    ) {
        let shift = sender.windowShift
        let (change, shrunk) = sender.window.record(
            frame.tcp.window, shift: shift, acknowledgment: frame.tcp.acknowledgment, at: passage.time)
        if shrunk { shared.anomalies.record(.windowShrunk) }
        switch change {
        case .none: break
        case .closed: now.tell(.zeroWindow(by: passage.direction))
        case .opened(let after):
            let bytes = Int(frame.tcp.window) << Int(shift ?? 0)
            now.tell(.windowOpen(by: passage.direction, bytes: bytes, after: after))
        }
    }
}
