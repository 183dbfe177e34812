//===-- The dialect, its types, and the classes that the op families are made of ---------------------------------===//
#ifndef OGEE_IR_OPS_BASE_TD
#define OGEE_IR_OPS_BASE_TD

include "ir/interfaces.td"
include "mlir/IR/BuiltinAttributeInterfaces.td"
include "mlir/IR/EnumAttr.td"
include "mlir/IR/OpBase.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Ogee_Dialect : Dialect {
  let name = "ogee";
  let cppNamespace = "::ogee::ir";
  let summary = "Deep-learning graphs on tensors.";
  let description = [{
    Pure functions of builtin ranked tensors. An op neither broadcasts nor converts by itself, has one defined result
    for every input, and takes sizes as numbers or as `index` values.

    Arguments of functions can have the attributes
    - `ogee.name = "x"`: what the user calls it (results too);
    - `ogee.dims = ["batch", ""]`: a name per dim, empty for none; equal names are equal sizes. An index argument has
      one name, its value's;
    - `ogee.ranges = [[1, 256], []]`: the smallest and the largest value per dim, empty for any;
    - `ogee.strides = array<i64: -1, 1>`: the distance of neighbours per dim in elements, -1 where it is known at run
      time only; without the attribute the tensor is dense row-major.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect"];
  let hasConstantMaterializer = 1;
  let hasRegionArgAttrVerify = 1;
  let hasRegionResultAttrVerify = 1;
}

// --- types -----------------------------------------------------------------------------------------------------------

defvar Ogee_Floats = [F32, F64];
defvar Ogee_Ints = [I32, I64];
defvar Ogee_Bools = [I1];

/// A ranked tensor of one of `elements`, without an encoding, whose size in bytes fits into an int64.
class Ogee_TensorOf<list<Type> elements, string what> : Type<
    And<[RankedTensorOf<elements>.predicate, CPred<"::ogee::ir::isPlainTensor($_self)">]>,
    "tensor of " # what # ", without encoding and of less than 2^63 bytes", "::mlir::RankedTensorType">;

def Ogee_FloatTensor : Ogee_TensorOf<Ogee_Floats, "floats (f32, f64)">;
def Ogee_IntTensor : Ogee_TensorOf<Ogee_Ints, "integers (i32, i64)">;
def Ogee_BoolTensor : Ogee_TensorOf<Ogee_Bools, "bools (i1)">;
def Ogee_NumberTensor : Ogee_TensorOf<!listconcat(Ogee_Floats, Ogee_Ints), "numbers (f32, f64, i32, i64)">;
def Ogee_BitsTensor : Ogee_TensorOf<!listconcat(Ogee_Ints, Ogee_Bools), "integers or bools (i32, i64, i1)">;
def Ogee_Tensor : Ogee_TensorOf<!listconcat(Ogee_Floats, Ogee_Ints, Ogee_Bools),
                                "numbers or bools (f32, f64, i32, i64, i1)">;

/// The key, the draw number and the bounds of random ops.
def Ogee_I64Scalar : Type<CPred<"::ogee::ir::isI64Scalar($_self)">, "tensor<i64>", "::mlir::RankedTensorType">,
    BuildableType<"::mlir::RankedTensorType::get({}, $_builder.getI64Type())">;
def Ogee_BoolScalar : Type<CPred<"::ogee::ir::isBoolScalar($_self)">, "tensor<i1>", "::mlir::RankedTensorType">,
    BuildableType<"::mlir::RankedTensorType::get({}, $_builder.getI1Type())">;

// --- gradients -------------------------------------------------------------------------------------------------------
// Every op says which of the two it has: a rule under its scalar body or shape rule, or none.

def Ogee_Gradient : DeclareOpInterfaceMethods<Ogee_DifferentiableOpInterface>;
def Ogee_NoGradient : NativeOpTrait<"NoGradient"> {
  let cppNamespace = "::ogee::ir";
}

// --- op classes ------------------------------------------------------------------------------------------------------

class Ogee_Op<string mnemonic, list<Trait> traits = []> : Op<Ogee_Dialect, mnemonic, traits>;

/// An op whose result's dims follow from its operands by a shape rule, which the family's .cpp defines.
class Ogee_RuleOp<string mnemonic, list<Trait> traits = []> : Ogee_Op<mnemonic, !listconcat(traits, [
    Pure, DeclareOpInterfaceMethods<Ogee_InferDimsOpInterface>])> {
  string moreDeclarations = "";
  string ruleDefinition = "";
  string typeDefinition = "";
  let extraClassDeclaration = [{
    /// The dims of the result; `adaptor` holds the operands whose dims `dims` knows.
    static ::ogee::ir::Result<::ogee::ir::Shape> shapeRule(Adaptor adaptor, const ::ogee::ir::DimSource &dims,
                                                           ::ogee::ir::Requirements *requirements);
  }] # moreDeclarations;
  let extraClassDefinition = [{
    ::ogee::ir::Result<::ogee::ir::Shape> $cppClass::inferDims(const ::ogee::ir::DimSource &dims,
                                                               ::ogee::ir::Requirements *requirements) {
      return shapeRule(Adaptor(*this), dims, requirements);
    }
  }] # ruleDefinition # typeDefinition;
}

/// A rule op whose result type is inferred; its element type is `element` (C++ over `adaptor`), the operand's unless
/// said otherwise.
class Ogee_InferredOp<string mnemonic, list<Trait> traits = []> : Ogee_RuleOp<mnemonic, !listconcat(traits, [
    DeclareOpInterfaceMethods<InferTypeOpInterface, ["inferReturnTypes", "refineReturnTypes"]>])> {
  string element = "::ogee::ir::elementOf(adaptor.getOperands()[0])";
  let typeDefinition = [{
    ::llvm::LogicalResult $cppClass::inferReturnTypes(
        ::mlir::MLIRContext *, std::optional<::mlir::Location> location, ::mlir::ValueRange operands,
        ::mlir::DictionaryAttr attributes, ::mlir::OpaqueProperties properties, ::mlir::RegionRange regions,
        ::llvm::SmallVectorImpl<::mlir::Type> &types) {
      Adaptor adaptor(operands, attributes, properties, regions);
      return ::ogee::ir::inferTypeByRule<$cppClass>(location, adaptor, }] # element # [{, types);
    }
    // Succeeds always, so that `verify` alone says what is wrong, once.
    ::llvm::LogicalResult $cppClass::refineReturnTypes(
        ::mlir::MLIRContext *, std::optional<::mlir::Location>, ::mlir::ValueRange, ::mlir::DictionaryAttr,
        ::mlir::OpaqueProperties, ::mlir::RegionRange, ::llvm::SmallVectorImpl<::mlir::Type> &) {
      return ::mlir::success();
    }
    ::llvm::LogicalResult $cppClass::verify() {
      Adaptor adaptor(*this);
      return ::ogee::ir::verifyTypeByRule(*this, }] # element # [{);
    }
  }];
  let hasVerifier = 1;
}

/// A rule op whose result's element type stands in its type alone.
class Ogee_TypedOp<string mnemonic, list<Trait> traits = []> : Ogee_RuleOp<mnemonic, traits> {
  let typeDefinition = [{
    ::llvm::LogicalResult $cppClass::verify() {
      return ::ogee::ir::verifyTypeByRule(*this, ::ogee::ir::elementOf(getResult()));
    }
  }];
  let hasVerifier = 1;
}

#endif // OGEE_IR_OPS_BASE_TD
