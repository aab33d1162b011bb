import StreamtopModel

extension JSONWriter {
    mutating func fragmentationSection(_ fragmentation: FragmentationSnapshot?) {
        guard let fragmentation else { return }
        object("fragmentation") { json in
            json.member("fragments", fragmentation.fragments)
            json.member("datagrams", fragmentation.datagrams)
            json.member("incomplete", fragmentation.incomplete)
            json.member("wasted_bytes", fragmentation.wastedBytes)
            json.array("icmp_too_big", fragmentation.tooBig) { json, message in
                json.object { json in
                    json.time("ts", message.time)
                    json.member("mtu", message.mtu)
                }
            }
            json.member("black_hole_suspected", fragmentation.blackHoleSuspected)
        }
    }
}
