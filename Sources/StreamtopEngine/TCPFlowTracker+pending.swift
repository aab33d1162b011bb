import StreamtopBase
import StreamtopModel
import StreamtopWire

struct FragmentAssembler {}
enum CommunityID {
    static func text(
        source: Endpoint, destination: Endpoint, transport: UInt8, icmpType: UInt8, icmpCode: UInt8
    ) -> String { "1:" }
}
