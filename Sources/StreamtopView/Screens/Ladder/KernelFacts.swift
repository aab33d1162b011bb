import StreamtopBase
import StreamtopModel

/// What the kernel says of a flow's socket, beside what packets say of the same, and how both compare over the run.
enum KernelFacts {
    static func groups(_ kernel: KernelSample, _ flow: FlowSnapshot) -> [FactGroup] {
        let socket = kernel.socket
        let sender = flow.tcp?[kernel.side]
        var group = FactGroup(Words.kernelGroup)
        if let process = flow.processes?[kernel.side] { group.add("owner", Words.owner(process)) }
        let phase = socket.bbr?.phase.map { "  " + $0 } ?? ""
        group.add("congestion control", socket.congestionControl.map { $0 + phase })
        group.add(
            "cwnd", socket.congestionWindow.map { ByteText.short($0) },
            packets: kernel.estimatedWindow.map { "~" + ByteText.short($0) })
        group.add(
            "in flight", socket.inFlight.map { ByteText.short($0) },
            packets: sender?.inFlight.map { ($0.isLowerBound ? "≥" : "") + ByteText.short($0.last) + queued(flow) })
        group.add(
            "rtt", socket.smoothedRoundTrip.map { DurationText.withUnit($0) },
            packets: flow.roundTrip[kernel.side.reversed].map { DurationText.withUnit($0.smoothed) })
        if let multipath = socket.multipath { group.add("MPTCP", Words.subflow(multipath, kernel.otherSubflows)) }
        var traffic = FactGroup(Words.kernelTraffic)
        traffic.add("not sent", socket.notSent.map { ByteText.short($0) })
        traffic.add("unread", socket.unread.map { ByteText.short($0) })
        if let pacing = socket.pacingRate { traffic.add("pacing", RateText.withUnit(pacing)) }
        if let delivery = socket.deliveryRate { traffic.add("delivery", RateText.withUnit(delivery)) }
        if let repeats = socket.retransmissions {
            // Packets of before the capture are the kernel's alone.
            let ours = flow.orientation == .syn ? sender?.retransmissions.packets : nil
            traffic.add(
                Words.retransmissions, NumberText.grouped(UInt64(max(0, repeats))),
                packets: ours.map { NumberText.grouped(UInt64(max(0, $0))) }, repeats > 0 ? .watch : .muted)
        }
        traffic.add(held(socket), packets: sender?.limitedBy.flatMap { Words.limits($0) })
        return [group, traffic]
    }

    /// What waits in front of the capture point is in the kernel's flight alone.
    private static func queued(_ flow: FlowSnapshot) -> String {
        let bytes = flow.buffers.filter { $0.layer == .qdisc && $0.direction == .out }.compactMap(\.occupiedBytes)
            .reduce(0) { $0.addingReportingOverflow($1).partialValue }
        return bytes > 0 ? ", \(ByteText.short(bytes)) queued here" : ""
    }

    /// How the time with something to send was spent, as the kernel's clocks say.
    private static func held(_ socket: KernelSocket) -> String? {
        guard let busy = socket.busy, busy > 0, let receiver = socket.receiverLimited,
            let buffer = socket.sendBufferLimited
        else { return nil }
        let share = { (time: Nanoseconds) in PercentText.whole(min(1, Double(time) / Double(busy))) }
        return "receiver \(share(receiver))  send buffer \(share(buffer))  of \(DurationText.withUnit(busy))"
    }

    /// Over the run: how far packets alone were from the kernel, and how often.
    static func comparison(_ kernel: KernelComparison?) -> FactGroup {
        var group = FactGroup(Words.comparisonGroup)
        guard let kernel else { return group }
        group.add("cwnd", kernel.window)
        group.add("rtt", kernel.roundTrip)
        group.add("in flight", kernel.flight)
        group.add("rtt" + Words.whileLimited, kernel.limitedRoundTrip)
        group.add("in flight" + Words.whileLimited, kernel.limitedFlight)
        group.add(Words.retransmissions, kernel.retransmissions, of: "flows")
        group.add("receiver's share", kernel.limitedBy, of: "flows")
        if kernel.namesCompared > 0 {
            group.add(
                "names", "\(kernel.namesCompared - kernel.wrongNames) of \(kernel.namesCompared) right",
                kernel.wrongNames > 0 ? .watch : .value)
        }
        return group
    }
}

extension FactGroup {
    /// A value of the kernel's with that of packets behind it.
    fileprivate mutating func add(_ label: String, _ kernel: String?, packets: String?, _ role: StyleRole = .value) {
        add(
            label,
            [kernel.map { TextSpan($0, role) } ?? TextSpan(Words.unknown, .unknown)]
                + (packets.map { [TextSpan("  packets ", .label), TextSpan($0, .text)] } ?? []))
    }

    /// Two sentences of the same matter have a line each: both are long.
    fileprivate mutating func add(_ kernel: String?, packets: String?) {
        guard let kernel else { return }
        add("held by", kernel, .text)
        if let packets { add("  by packets", packets, .text) }
    }

    /// "1.20%  p95 9.10%  120 samples"; nothing where nothing was compared.
    fileprivate mutating func add(_ label: String, _ error: KernelComparison.Error?, of what: String = "samples") {
        guard let error else { return }
        add(
            label,
            [
                TextSpan(PercentText.ratio(error.p50), .value),
                TextSpan("  p95 ", .label), TextSpan(PercentText.ratio(error.p95), .value),
                TextSpan("  \(NumberText.grouped(UInt64(max(0, error.samples)))) \(what)", .muted),
            ])
    }
}
