import StreamtopBase
import StreamtopModel

/// Queues of devices as layers of the host: pure, from what rtnetlink answered.
enum DeviceLayers {
    /// The queues of one device. Only leaves hold packets: what a parent tells is the sum of its children, and is not
    /// counted again.
    static func queues(
        of link: LinkMessage, _ disciplines: [QdiscMessage], classes: [QdiscMessage], _ courses: inout LayerCourses,
        at time: Timestamp
    ) -> [HostLayer] {
        let own = disciplines.filter { $0.interface == link.index && !$0.isIngress && $0.kind != "clsact" }
        if own.allSatisfy({ $0.kind == "noqueue" }) {
            guard !own.isEmpty else { return [] }
            var layer = HostLayer(.qdisc, name: link.name, direction: .out, unit: .bytes, occupied: 0)
            layer.kind = "noqueue"
            layer.drops = own.compactMap(\.counts).reduce(0) { $0 &+ UInt64($1.drops) }
            layer.delay = 0
            layer.bound = .measured
            return [layer]
        }
        let ownClasses = classes.filter { $0.interface == link.index }
        let leaves = leaves(own, ownClasses)
        return leaves.compactMap { leaf in
            guard let counts = leaf.counts else { return nil }
            var layer = HostLayer(.qdisc, name: link.name, direction: .out, unit: .bytes, occupied: Int(counts.backlog))
            layer.kind = leaf.isClass ? "\(leaf.kind) class" : leaf.kind
            layer.drops = UInt64(counts.drops)
            layer.attachment = attachment(leaf)
            if case .bytes(let limit)? = leaf.limit { layer.capacity = Int(limit) }
            let key = "qdisc \(link.index) \(leaf.handle) \(leaf.parent) \(leaf.kind)"
            courses.observe(&layer, key: key, left: counts.bytes, at: time)
            judge(&layer, leaf, ownClasses, isOneOfMany: leaves.count > 1)
            return layer
        }
    }

    /// A class by its own number; tbf has one class, whatever its minor number (net/sched/sch_tbf.c).
    private static func attachment(_ leaf: QdiscMessage) -> String? {
        guard leaf.handle >> 16 != 0, leaf.isClass || leaf.kind == "tbf" else { return nil }
        let minor = leaf.isClass ? leaf.handle & 0xffff : 1
        return String(leaf.handle >> 16, radix: 16) + ":" + String(minor, radix: 16)
    }

    private static func leaves(_ disciplines: [QdiscMessage], _ classes: [QdiscMessage]) -> [QdiscMessage] {
        let majors = Set(disciplines.filter { !$0.isRoot }.map { $0.parent >> 16 })
        var leaves: [QdiscMessage] = []
        for discipline in disciplines where !discipline.isContainer && !majors.contains(discipline.handle >> 16) {
            let inner = classes.filter { $0.handle >> 16 == discipline.handle >> 16 && discipline.kind != "fq_codel" }
            let ends = inner.filter { child in !inner.contains { $0.parent == child.handle } }
            if discipline.handle >> 16 != 0, !ends.isEmpty, isClassful(discipline.kind) {
                leaves += ends
            } else {
                leaves.append(discipline)
            }
        }
        return leaves
    }

    /// Disciplines whose packets are in classes, which may have queues that no dump shows.
    static func isClassful(_ kind: String) -> Bool { ["htb", "hfsc", "drr", "prio", "ets", "qfq"].contains(kind) }

    /// What the wait of one flow is, where the kernel measures it or several flows share the backlog.
    private static func judge(
        _ layer: inout HostLayer, _ leaf: QdiscMessage, _ classes: [QdiscMessage], isOneOfMany: Bool
    ) {
        if case .fairQueue(_, let throttled?, _, _)? = leaf.details, throttled > 0 { layer.isPaced = true }
        if let measured = leaf.details?.measuredDelay {
            layer.delay = layer.occupied == 0 ? 0 : measured
            layer.bound = leaf.kind == "cake" ? .atMost : .measured
            return
        }
        guard layer.delay != nil, layer.delay != 0 else { return }
        if leaf.kind == "fq_codel" {
            let busy = classes.filter { $0.kind == "fq_codel" && ($0.counts?.backlog ?? 0) > 0 }
            if let longest = busy.compactMap({ $0.details?.measuredDelay }).max() {
                layer.delay = longest
                layer.bound = busy.count == 1 ? .measured : .atMost
                return
            }
        }
        if leaf.isFair || isOneOfMany { layer.bound = .atMost }
    }

    /// Bytes that left the queues of a device, all together; nil where it has none.
    static func bytesSent(by link: LinkMessage, _ disciplines: [QdiscMessage]) -> UInt64? {
        let own = disciplines.filter { $0.interface == link.index && !$0.isIngress }
        let counted = own.first { $0.isRoot && !$0.isContainer }.map { [$0] } ?? leaves(own, [])
        let bytes = counted.compactMap { $0.counts?.bytes }
        return bytes.isEmpty ? nil : bytes.reduce(0, &+)
    }

    /// Bytes handed to the device and not completed (byte queue limits), all queues together; nil without any.
    static func driver(
        of link: LinkMessage, inFlight: [Int], limits: [Int], left: UInt64?, _ courses: inout LayerCourses,
        at time: Timestamp
    ) -> HostLayer? {
        guard !inFlight.isEmpty else { return nil }
        var layer = HostLayer(
            .driver, name: link.name, direction: .out, unit: .bytes, occupied: inFlight.reduce(0, &+),
            capacity: limits.isEmpty ? nil : limits.reduce(0, &+))
        courses.observe(&layer, key: "driver \(link.index)", left: left, at: time)
        if inFlight.count > 1, layer.delay != nil, layer.delay != 0 { layer.bound = .atMost }
        return layer
    }

    /// The backlogs of the processors.
    static func softNet(
        _ lines: [ProcText.SoftNet], capacity: Int?, _ courses: inout LayerCourses, at time: Timestamp
    ) -> [HostLayer] {
        lines.map { line in
            var layer = HostLayer(
                .softnet, name: "cpu\(line.processor)", direction: .inward, unit: .packets, occupied: line.backlog,
                capacity: capacity)
            layer.drops = line.dropped
            courses.observe(&layer, key: "softnet \(line.processor)", left: line.processed, at: time)
            return layer
        }
    }
}
