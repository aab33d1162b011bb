import Glibc
import StreamtopBase
import StreamtopModel

/// Rings, drops and pauses of drivers: by netlink where the kernel has it, else by ioctl(2), counters of the device itself
/// last. A driver may take long to answer, so each is asked every five seconds, and a slow one once a minute; what it said
/// last stands meanwhile.
struct DriverFacts {
    private struct Entry {
        var rings: Ethtool.Rings?
        var reason: String?
        var drops: UInt64?
        var pauses: Ethtool.Pauses?
        var next: Timestamp
        var asked: Timestamp
    }

    struct Unreadable: Error {
        var text: String
    }

    private var entries: [Int32: Entry] = [:]
    private static let every: Nanoseconds = .seconds(5)
    private static let slow: Duration = .milliseconds(50)

    mutating func refresh(_ links: [LinkMessage], _ handle: NamespaceHandle, at time: Timestamp) {
        let known = Set(links.map(\.index))
        entries = entries.filter { known.contains($0.key) }
        guard handle.plain >= 0 || handle.drivers != nil else { return }
        for link in links where entries[link.index].map({ time >= $0.next }) ?? true {
            let began = ContinuousClock.now
            var entry = Self.ask(link, handle, at: time)
            let isSlow = ContinuousClock.now - began > Self.slow
            entry.next = time + (isSlow ? 12 * Self.every : Self.every)
            entries[link.index] = entry
        }
    }

    private static func ask(_ link: LinkMessage, _ handle: NamespaceHandle, at time: Timestamp) -> Entry {
        var entry = Entry(next: time, asked: time)
        var failure = EOPNOTSUPP
        if let drivers = handle.drivers { (entry.rings, failure) = drivers.rings(of: link.index) }
        if entry.rings == nil, handle.plain >= 0 { (entry.rings, failure) = Ethtool.rings(of: link.name, handle.plain) }
        if entry.rings == nil { entry.reason = reason(failure, link) }
        guard !link.isVirtual else { return entry }
        let counters = handle.plain >= 0 ? Ethtool.counters(of: link.name, handle.plain) : []
        entry.drops = Ethtool.drops(counters) ?? handle.drivers?.lost(in: link.index)
        entry.pauses = handle.drivers?.pauses(of: link.index) ?? Ethtool.pauses(counters)
        return entry
    }

    private static func reason(_ failure: Int32, _ link: LinkMessage) -> String {
        if failure == EPERM || failure == EACCES { return "no permission to ask the driver" }
        let device = link.isLoopback ? "the loopback device" : link.kind.map { "a \($0) device" } ?? "the driver"
        return "\(device) has no rings"
    }

    /// The device's receive ring: its size, what it dropped and how it was paused. How full it is no kernel tells.
    func layer(
        _ link: LinkMessage, _ courses: inout LayerCourses, at time: Timestamp
    ) -> Result<HostLayer, Unreadable> {
        guard let entry = entries[link.index], let rings = entry.rings else {
            return .failure(Unreadable(text: entries[link.index]?.reason ?? "the driver was not asked"))
        }
        var layer = HostLayer(
            .nic, name: link.name, direction: .inward, unit: .descriptors, capacity: rings.receive)
        layer.largestCapacity = rings.receiveMaximum > 0 ? rings.receiveMaximum : nil
        layer.drops = entry.drops ?? link.statistics.map { $0.missedErrors &+ $0.fifoErrors }
        courses.observe(&layer, key: "nic \(link.index)", left: nil, at: time)
        if time - entry.asked > .seconds(15) { layer.confidence = 0.3 }
        if let pauses = entry.pauses {
            var frames = PauseFrames()
            (frames.received, frames.receivedPerSecond) = course("got", pauses.received, link, &courses, at: time)
            (frames.sent, frames.sentPerSecond) = course("sent", pauses.sent, link, &courses, at: time)
            layer.pauses = frames
        }
        return .success(layer)
    }

    /// A counter's rise since the beginning and its rate.
    private func course(
        _ name: String, _ count: UInt64?, _ link: LinkMessage, _ courses: inout LayerCourses, at time: Timestamp
    ) -> (UInt64?, Double?) {
        guard let count else { return (nil, nil) }
        var layer = HostLayer(.nic, name: link.name, direction: .inward, unit: .packets)
        layer.drops = count
        courses.observe(&layer, key: "pauses \(name) \(link.index)", left: nil, at: time)
        return (layer.droppedSince, layer.dropsPerSecond)
    }
}
