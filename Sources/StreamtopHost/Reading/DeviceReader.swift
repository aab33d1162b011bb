import StreamtopBase
import StreamtopModel

/// The devices of one network namespace: their queues, rings and the routes through them.
final class DeviceReader {
    private let handle: NamespaceHandle
    /// Names of the devices that are captured; empty for all.
    private let captured: Set<String>
    private(set) var links: [LinkMessage] = []
    private var courses = LayerCourses()
    private var drivers = DriverFacts()
    private var lastQueues: [HostLayer] = []
    private var nextQueues = Timestamp(nanoseconds: .min)
    /// Bytes that left the queues of a device, by its index: what it was handed.
    private var sent: [Int32: UInt64] = [:]

    /// More devices than this are read once a second instead of at every reading.
    private static let deviceCapacity = 64

    init(_ handle: NamespaceHandle, captured: Set<String>) {
        self.handle = handle
        self.captured = captured
    }

    private var isOwn: Bool { handle.name == nil }

    /// What its layers are called: devices of other namespaces by both names.
    private func name(_ link: LinkMessage) -> String { handle.name.map { "\($0)/\(link.name)" } ?? link.name }

    private func isWatched(_ link: LinkMessage) -> Bool {
        link.isUp && !link.isLoopback || captured.contains(link.name)
    }

    func forget(before time: Timestamp) { courses.forget(before: time) }

    // MARK: Queues

    /// The queues of devices; where they are many, in another namespace, or the kernel does not answer, those read last.
    func queues(at time: Timestamp) -> [HostLayer] {
        guard let route = handle.route, isOwn && links.count <= Self.deviceCapacity || time >= nextQueues else {
            return lastQueues
        }
        nextQueues = time + (links.count <= Self.deviceCapacity ? .milliseconds(200) : .seconds(1))
        let disciplines = try? route.ask(
            type: QdiscMessage.getQdisc, isDump: true, [UInt8](repeating: 0, count: 20)
        ) { QdiscMessage(type: $0, $1) }
        guard let disciplines else { return lastQueues }
        let classes = classes(of: disciplines, route)
        var layers: [HostLayer] = []
        for link in links where isWatched(link) {
            let bond = links.first { $0.index == link.master && $0.kind == "bond" && $0.activeMember == nil }
            for var layer in DeviceLayers.queues(of: link, disciplines, classes: classes, &courses, at: time) {
                layer.name = name(link)
                layer.namespace = handle.name
                layer.memberOf = bond?.name
                layers.append(layer)
            }
            sent[link.index] = DeviceLayers.bytesSent(by: link, disciplines)
        }
        lastQueues = layers
        return layers
    }

    private func classes(of disciplines: [QdiscMessage], _ route: NetlinkSocket) -> [QdiscMessage] {
        var classes: [QdiscMessage] = []
        for discipline in disciplines
        where DeviceLayers.isClassful(discipline.kind)
            || discipline.kind == "fq_codel" && (discipline.counts?.backlog ?? 0) > 0
        {
            let body =
                [UInt8](repeating: 0, count: 4) + Netlink.native(discipline.interface)
                + [UInt8](repeating: 0, count: 12)
            classes +=
                (try? route.ask(type: QdiscMessage.getClass, isDump: true, body) { QdiscMessage(type: $0, $1) }) ?? []
        }
        return classes
    }

    /// What devices have in hand: files of sysfs, one for each queue, so not at every reading. Only of the capture's namespace.
    func driverLayers(at time: Timestamp) -> [HostLayer] {
        guard isOwn else { return [] }
        return links.filter(isWatched).compactMap { link in
            let (inFlight, limits) = ByteQueueLimits.read(link)
            return DeviceLayers.driver(
                of: link, inFlight: inFlight, limits: limits, left: sent[link.index], &courses, at: time)
        }
    }

    // MARK: Once a second

    /// Devices that there are now, with what their drivers say of rings. In other namespaces only of hardware.
    func refresh(at time: Timestamp) -> (layers: [HostLayer], unread: [UnreadLayer]) {
        guard let route = handle.route else {
            return ([], [UnreadLayer(.qdisc, name: handle.name ?? "devices", reason: "the kernel gives no socket")])
        }
        links =
            (try? route.ask(type: LinkMessage.get, isDump: true, LinkMessage.dumpBody) { type, bytes in
                type == LinkMessage.type ? LinkMessage(bytes) : nil
            }) ?? links
        let watched = links.filter { isWatched($0) && (isOwn || !$0.isVirtual) }
        drivers.refresh(watched, handle, at: time)
        var found: (layers: [HostLayer], unread: [UnreadLayer]) = ([], [])
        for link in watched {
            switch drivers.layer(link, &courses, at: time) {
            case .success(var layer):
                layer.name = name(link)
                layer.namespace = handle.name
                found.layers.append(layer)
            case .failure(let reason):
                found.unread.append(UnreadLayer(.nic, name: name(link), reason: reason.text))
            }
        }
        return found
    }

    // MARK: Routes

    /// Names of the devices that a packet to `address` passes, the outermost first; empty where the kernel has no way there.
    func names(to address: IPAddress) -> [String] { devices(to: address).map(name) }

    /// Every device of this namespace on the way: a VLAN and what it stands on, a bond and its members, a bridge and its port.
    func devices(to address: IPAddress) -> [LinkMessage] {
        guard !address.isMulticast, let socket = handle.route else { return [] }
        let answer = try? socket.ask(type: RouteMessage.get, isDump: false, RouteMessage.body(to: address)) {
            RouteMessage.route($0, $1)
        }
        guard let route = answer?.first else { return [] }
        var found: [LinkMessage] = []
        var next = [route.device]
        while let index = next.popLast(), found.count < 8, !found.contains(where: { $0.index == index }),
            let link = links.first(where: { $0.index == index })
        {
            found.append(link)
            switch link.kind {
            case "vlan"?: if let lower = link.lower { next.append(lower) }
            case "bond"?:
                if let active = link.activeMember { next.append(active) } else { next += members(of: index) }
            case "bridge"?:
                if let port = port(of: index, to: route.gateway ?? address, socket) { next.append(port) }
            default: break
            }
        }
        return found
    }

    private func members(of index: Int32) -> [Int32] { links.filter { $0.master == index }.map(\.index) }

    /// The port of the bridge behind which `neighbour` is: what it learned of the neighbour's link address. nil while it knows
    /// none: frames then go to all ports.
    private func port(of bridge: Int32, to neighbour: IPAddress, _ socket: NetlinkSocket) -> Int32? {
        let ports = members(of: bridge)
        guard ports.count > 1 else { return ports.first }
        func ask(_ family: UInt8) -> [NeighbourMessage] {
            let body = NeighbourMessage.dumpBody(family: family)
            return
                (try? socket.ask(type: NeighbourMessage.get, isDump: true, body) {
                    NeighbourMessage(type: $0, $1)
                }) ?? []
        }
        let entry = ask(neighbour.isIPv4 ? 2 : 10).first { $0.interface == bridge && $0.address == neighbour }
        guard let hardware = entry?.hardware else { return nil }
        return ask(7).first { $0.hardware == hardware && ports.contains($0.interface) && !$0.isOwn }?.interface
    }

    /// The other end of this namespace's virtual cable, among the devices of `other`; nil where it is elsewhere. Each names the
    /// other: the numbers of two namespaces may be alike by chance.
    func twin(of link: LinkMessage, in other: DeviceReader) -> LinkMessage? {
        guard link.kind == "veth", let index = link.lower else { return nil }
        return other.links.first { $0.kind == "veth" && $0.index == index && $0.lower == link.index }
    }

    /// Where packets between a socket of this namespace and the network pass: its own devices, and those of `host` behind them.
    /// `local` and `remote` are the socket's own ends, `seen` the peer as `host` sees it.
    func path(from local: IPAddress, to remote: IPAddress, seenAs seen: IPAddress, over host: DeviceReader) -> HostPath
    {
        let inner = devices(to: remote)
        guard let last = inner.last, let twin = twin(of: last, in: host) else {
            return HostPath(out: inner.map(name), inward: [])
        }
        var inward = host.names(to: local)
        if inward.last != host.name(twin) { inward = [host.name(twin)] }
        return HostPath(out: inner.map(name) + host.names(to: seen), inward: inward)
    }

    /// Addresses of this namespace.
    func addresses() -> Set<IPAddress> {
        let found = try? handle.route?.ask(type: AddressMessage.get, isDump: true, AddressMessage.dumpBody) {
            AddressMessage.address($0, $1)
        }
        return Set(found ?? [])
    }
}
