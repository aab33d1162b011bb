/// Stands in until fragments are put together.
struct FragmentAssembler {}
